using System.Diagnostics;
using System.Security.Cryptography;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>The peer of <c>ReferencePeer/</c>: the original's ways over the real OpenDHT library, compiled when it is first needed.</summary>
internal static class ReferencePeerProgram
{
    private const string Header = "/usr/include/opendht.h";

    /// <summary>What its command <c>talk</c> wants to know.</summary>
    public const string TalkArguments = "talk %innerip% %innerport% %outerip% %outerport% %peerip% %peerport% %secret% %hostpin%";

    private static readonly Lazy<string> Compiled = new(Compile);

    /// <summary>Why it cannot be compiled; null when it can.</summary>
    public static string? WhyNot =>
        SystemTool.Find("g++") is null ? "The compiler 'g++' is not installed."
        : !File.Exists(Header) ? "The library OpenDHT (libopendht-dev) is not installed."
        : null;

    /// <summary>The program.</summary>
    /// <exception cref="InvalidOperationException">The compiler refused it; the message has its complaints.</exception>
    public static string Path => Compiled.Value;

    private static string Compile()
    {
        string root = PlexusProgram.Root ?? throw new FileNotFoundException("The sources of the reference peer are not here.");
        string sources = System.IO.Path.Combine(root, "tests", "Plexus.EndToEnd.Tests", "ReferencePeer");
        string[] files = [.. Directory.EnumerateFiles(sources).Order(StringComparer.Ordinal)];
        string version = Convert.ToHexStringLower(SHA256.HashData([.. files.SelectMany(File.ReadAllBytes)]))[..16];
        string program = System.IO.Path.Combine(root, "artifacts", "reference-peer", version);
        if (File.Exists(program)) return program;

        // Renamed into place: a run that was cut off leaves nothing that looks like a program.
        string unfinished = $"{program}.{Environment.ProcessId}";
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(program)!);
        ProcessStartInfo start = SystemTool.Prepare(
            "g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-o", unfinished,
            System.IO.Path.Combine(sources, "reference_peer.cpp"), "-lopendht", "-lgnutls", "-lpthread");
        SystemTool.Run(start);
        File.Move(unfinished, program, overwrite: true);
        return program;
    }
}
