namespace Plexus.App;

/// <summary>The name this program was called by: it is also the tunnel, as <c>wormhole</c>.</summary>
internal static class ProgramName
{
    public const string Plexus = "plexus";
    public const string Wormhole = "wormhole";

    private const string LinuxCommandLine = "/proc/self/cmdline"; // The framework tells the file behind a link, not the link.

    public static bool IsWormhole => Candidates().Any(path => Path.GetFileNameWithoutExtension(path) == Wormhole);

    private static IEnumerable<string> Candidates()
    {
        if (File.Exists(LinuxCommandLine)) yield return File.ReadAllText(LinuxCommandLine).Split('\0')[0];
        yield return Environment.GetCommandLineArgs()[0];
        if (Environment.ProcessPath is { } path) yield return path;
    }
}
