using System.Globalization;
using System.Text;

namespace Plexus.Rendezvous.Dht;

/// <summary>A file with the last value id that a process of this user has given out, so that the next one gives another.</summary>
/// <param name="path">The file. Its folder is made when it is missing.</param>
internal sealed class LastIdFile(string path)
{
    private const int LongestText = 20; // Digits of the largest id.

    /// <summary>Replaces the id by its successor, while no other process can.</summary>
    /// <param name="next">Makes the successor of an id; of 0 when there is none yet.</param>
    /// <returns>The successor; null when the file cannot be used now, which costs only its protection.</returns>
    public ulong? Advance(Func<ulong, ulong> next)
    {
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
            using FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            Span<byte> text = stackalloc byte[LongestText];
            int length = file.Read(text);
            ulong id = next(ulong.TryParse(text[..length], NumberStyles.None, CultureInfo.InvariantCulture, out ulong before) ? before : 0);
            file.Position = 0;
            file.Write(Encoding.ASCII.GetBytes(id.ToString(CultureInfo.InvariantCulture)));
            file.SetLength(file.Position);
            return id;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Locked by a run of this very moment, read-only, or full: the network still tells which ids are taken.
        }
    }
}
