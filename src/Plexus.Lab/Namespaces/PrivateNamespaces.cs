using System.Diagnostics;

namespace Plexus.Lab.Namespaces;

/// <summary>
/// Runs this program again inside namespaces of its own, so that it may make networks without being root, and so that the
/// kernel removes all of them with its last process, however that ends.
/// </summary>
internal static class PrivateNamespaces
{
    private const string Marker = "PLEXUS_INSIDE_PRIVATE_NAMESPACES";
    private const int Terminate = 15;

    private static readonly string[] Tools = ["ip", "nft", "unshare", "mount"];

    /// <summary>This process is the one inside.</summary>
    public static bool IsInside => Environment.GetEnvironmentVariable(Marker) == "1";

    /// <summary>Why this user cannot have namespaces of his own, in one sentence; null when he can.</summary>
    public static string? WhyNot()
    {
        if (!OperatingSystem.IsLinux()) return "Network namespaces exist on Linux only.";
        if (Missing() is { } tool) return $"The program '{tool}' is not installed.";
        try
        {
            SystemTool.Run(SystemTool.Prepare("unshare", [.. Flags(), "mount", "-t", "tmpfs", "tmpfs", "/run"]));
            return null;
        }
        catch (InvalidOperationException)
        {
            return "This system does not let its users make network namespaces.";
        }
    }

    /// <summary>Runs this program inside, on the same terminal.</summary>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(SystemTool.Find("unshare")!);
        foreach (string argument in (string[])[.. Flags(), .. Itself(), .. arguments]) start.ArgumentList.Add(argument);
        start.Environment[Marker] = "1";
        using Process inside = Process.Start(start)!;
        // Ctrl+C reaches both processes; a SIGTERM only this one, so it is passed on.
        using (cancellationToken.Register(() => _ = Libc.Kill(inside.Id, Terminate))) await inside.WaitForExitAsync(CancellationToken.None);
        return inside.ExitCode;
    }

    /// <summary>Gives the process inside a folder of its own for the names of its networks.</summary>
    /// <exception cref="InvalidOperationException">The system does not allow it.</exception>
    public static void Furnish()
    {
        if (Libc.Mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") != 0) throw NetworkNamespace.Failure("cannot mount a folder for networks");
    }

    /// <summary>What starts this program anew: its file, or the runtime and its file.</summary>
    public static string[] Itself()
    {
        string program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Environment.GetCommandLineArgs()[0]] : [program];
    }

    private static string? Missing() => Tools.FirstOrDefault(tool => SystemTool.Find(tool) is null);

    private static string[] Flags() =>
        Libc.EffectiveUser() == 0 ? ["--net", "--mount"] : ["--user", "--map-root-user", "--net", "--mount"];
}
