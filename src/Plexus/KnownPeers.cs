using Microsoft.Extensions.Logging;
using Plexus.Identities;
using Plexus.Rendezvous;

namespace Plexus;

/// <summary>Remembers which peers have had this program, so that nobody can show an introduction of the time before.</summary>
/// <remarks>
/// A peer that once ran the original has signed introductions without our extension. One of them, shown again, would announce that
/// the peer cannot encrypt. So who has introduced itself with the extension is expected to go on doing so. That holds only where we would
/// encrypt: a host that announces nothing has nothing to lose.
/// </remarks>
/// <param name="folder">Where to remember; null is in memory only.</param>
internal sealed class KnownPeers(string? folder, ILogger logger)
{
    private const string FileName = "peers-with-extension";
    private const int Most = 65_536; // Peers; the file has a line for each, the id of its key and its name.

    private readonly Lock _lock = new();
    private HashSet<string>? _known;

    private string? FilePath => folder is null ? null : Path.Combine(folder, FileName);

    /// <summary>Whether the introduction is in the form that this peer is known to use.</summary>
    public bool IsBelievable(Identity peer, Introduction theirs)
    {
        string key = peer.KeyIdText;
        lock (_lock)
        {
            _known ??= Read();
            if (theirs.IsExtended)
            {
                if (_known.Count < Most && _known.Add(key)) Append($"{key} {peer.Name}");
                return true;
            }

            if (!_known.Contains(key)) return true;
        }

        HostLog.Reverted(logger, peer.Name, FilePath ?? "the running program");
        return false;
    }

    private HashSet<string> Read()
    {
        try
        {
            if (FilePath is { } file && File.Exists(file)) return [.. File.ReadLines(file).Take(Most).Select(static line => line.Split(' ')[0])];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            HostLog.NotRemembered(logger, FileFailure.ReasonOf(e, FilePath!));
        }

        return [];
    }

    private void Append(string line)
    {
        if (FilePath is not { } file) return;
        try
        {
            Directory.CreateDirectory(folder!);
            File.AppendAllText(file, line + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            HostLog.NotRemembered(logger, FileFailure.ReasonOf(e, file));
        }
    }
}
