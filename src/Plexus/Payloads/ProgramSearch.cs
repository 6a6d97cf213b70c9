namespace Plexus.Payloads;

/// <summary>Finds the file of a program, as a shell would, without a shell.</summary>
internal static class ProgramSearch
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The full path of a program.</summary>
    /// <param name="command">A path if it has a separator, else a name to look for in PATH.</param>
    /// <exception cref="PlexusException">There is no such file, or it is not executable.</exception>
    public static string Find(string command)
    {
        if (command.AsSpan().ContainsAny(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar))
        {
            string path = Path.GetFullPath(command);
            if (Directory.Exists(path)) throw Failure($"The command '{command}' is a folder; name a program.");
            if (WithExtension(path) is not { } file) throw Failure($"The command '{command}' does not exist; check the path.");
            return IsExecutable(file) ? file : throw Failure($"The command '{command}' may not be run; make it executable: chmod +x");
        }

        string folders = Environment.GetEnvironmentVariable("PATH") ?? "";
        foreach (string folder in folders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            if (WithExtension(Path.GetFullPath(Path.Combine(folder, command))) is { } file && IsExecutable(file)) return file;
        }

        throw Failure($"The command '{command}' is in no folder of PATH; install it, or write its path.");
    }

    private static string? WithExtension(string path)
    {
        if (File.Exists(path)) return path;
        if (!OperatingSystem.IsWindows()) return null;
        string extensions = Environment.GetEnvironmentVariable("PATHEXT") ?? ".EXE;.COM";
        return extensions.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(extension => path + extension).FirstOrDefault(File.Exists);
    }

    private static bool IsExecutable(string file) =>
        OperatingSystem.IsWindows() || (File.GetUnixFileMode(file) & AnyExecute) != 0;

    private static PlexusException Failure(string message) => new(PlexusStage.Payload, message);
}
