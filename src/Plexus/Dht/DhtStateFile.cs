using System.Text;
using Microsoft.Extensions.Logging;

namespace Plexus.Dht;

/// <summary>The file of a <see cref="DhtState"/>: written whole or not at all, readable by its owner only.</summary>
/// <remarks>
/// While it is open, no other process uses the same id, since two nodes with one id would take each other's datagrams: the
/// second one borrows the nodes and keeps nothing. A disk that is full or write-protected costs one warning.
/// </remarks>
internal sealed class DhtStateFile : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    private readonly string _path;
    private readonly ILogger _logger;
    private readonly FileStream? _lock;
    private bool _warned;

    public DhtStateFile(string path, ILogger logger)
    {
        _path = Path.GetFullPath(path);
        _logger = logger;
        try
        {
            if (Path.GetDirectoryName(_path) is { } folder && !Directory.Exists(folder)) MakeFolder(folder);
            _lock = new FileStream(_path + ".lock", Options(FileMode.OpenOrCreate, FileShare.None));
            CanWrite = true;
        }
        catch (IOException e) when (e is not DirectoryNotFoundException && File.Exists(_path + ".lock"))
        {
            DhtLog.StateInUse(_logger, _path);
            IsInUse = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Warn(e);
        }
    }

    /// <summary>Whether another process uses the id that is kept here.</summary>
    public bool IsInUse { get; }

    private bool CanWrite { get; }

    /// <summary>What was kept; whatever cannot be read counts as nothing.</summary>
    public DhtState Read()
    {
        try
        {
            using FileStream file = new(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[DhtState.MostBytes];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            DhtState state = DhtState.Parse(Encoding.UTF8.GetString(bytes, 0, length));
            return IsInUse ? state with { Id = null } : state;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return DhtState.Empty; // The first run.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Warn(e);
            return DhtState.Empty;
        }
    }

    /// <summary>Keeps a state in place of the former one.</summary>
    public void Write(DhtState state)
    {
        if (!CanWrite) return;
        string temporary = _path + ".tmp"; // Nobody else writes: we hold the lock.
        try
        {
            using (FileStream file = new(temporary, Options(FileMode.Create, FileShare.None)))
            {
                file.Write(Encoding.UTF8.GetBytes(state.Format()));
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Warn(e);
        }
    }

    public void Dispose() => _lock?.Dispose();

    private static FileStreamOptions Options(FileMode mode, FileShare share)
    {
        FileStreamOptions options = new() { Mode = mode, Access = FileAccess.Write, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        return options;
    }

    private static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnerFolder);
    }

    private void Warn(Exception e)
    {
        if (!_warned) DhtLog.NotKept(_logger, _path, FileFailure.ReasonOf(e, _path));
        _warned = true;
    }
}
