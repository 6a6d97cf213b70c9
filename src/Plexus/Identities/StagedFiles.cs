namespace Plexus.Identities;

/// <summary>Writes files whole or not at all: each goes to a temporary neighbour first, and all take their places together.</summary>
/// <remarks>
/// Full disks, refused writes and interruptions show while staging, when nothing has its place yet; disposing without
/// <see cref="Commit"/> removes what was staged, and the folders made for it. Only a crash of the machine between two
/// renames can leave one file of two new.
/// </remarks>
internal sealed class StagedFiles : IDisposable
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly List<(string Temporary, string Target, bool Overwrite)> _files = [];
    private readonly List<string> _folders = [];
    private bool _committed;

    /// <summary>Mode 0600: what holds a private key.</summary>
    public static UnixFileMode SecretMode => UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Mode 0644: what may be handed around.</summary>
    public static UnixFileMode PublicMode => SecretMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Whether a file is one of ours that an interruption left behind.</summary>
    public static bool IsLeftover(string name) => name.StartsWith('.') && name.EndsWith(".tmp", StringComparison.Ordinal);

    /// <summary>Makes a folder, with those above it.</summary>
    public void AddFolder(string path)
    {
        if (Directory.Exists(path)) return;
        if (Path.GetDirectoryName(path) is { Length: > 0 } parent) AddFolder(parent);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, FolderMode);
        _folders.Add(path);
    }

    /// <summary>Writes a file beside its place.</summary>
    /// <param name="target">The place.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">Its mode from the first byte on; the process's mask may take bits away.</param>
    /// <param name="overwrite">Whether a file that is there may be replaced.</param>
    public void Add(string target, ReadOnlySpan<byte> content, UnixFileMode mode, bool overwrite)
    {
        string temporary = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Path.GetRandomFileName()}.tmp");
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        using FileStream file = new(temporary, options);
        _files.Add((temporary, target, overwrite));
        file.Write(content);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Gives every file its place.</summary>
    /// <exception cref="IOException">A place is taken and may not be overwritten; nothing was changed.</exception>
    public void Commit()
    {
        foreach ((_, string target, bool overwrite) in _files)
        {
            if (!overwrite && Path.Exists(target)) throw new IOException($"'{target}' exists already");
        }

        foreach ((string temporary, string target, bool overwrite) in _files) File.Move(temporary, target, overwrite);
        _committed = true;
    }

    public void Dispose()
    {
        if (_committed) return;
        foreach ((string temporary, _, _) in _files) TryRemove(() => File.Delete(temporary));
        foreach (string folder in Enumerable.Reverse(_folders)) TryRemove(() => Directory.Delete(folder));
    }

    private static void TryRemove(Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The failure that brought us here is the one to tell; `verify` shows leftovers.
        }
    }
}
