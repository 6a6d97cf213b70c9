using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plexus.Identities;

/// <summary>Finds the identity that a key id belongs to, and notices changes of the repository while it runs.</summary>
/// <remarks>
/// Anybody can make the DHT ask for an id, so an unknown one costs at most one look at the folders a second, and that
/// look opens only files which changed. A known one costs a look at its file, so that a removed certificate stops
/// matching at once.
/// </remarks>
internal sealed class PeerIndex(string repository, TimeProvider clock)
{
    public const int LargestRepository = 10_000; // Certificates; a bound, far above what one person pairs with.

    private static readonly TimeSpan ScanPause = TimeSpan.FromSeconds(1); // A certificate just imported is found after it.

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _byPath = [];
    private long? _lastScan;

    /// <summary>The identity of a key id that passes the filter; null when there is none.</summary>
    public Identity? Find(ReadOnlySpan<byte> keyId, IdentityName filter)
    {
        lock (_lock)
        {
            if (Match(keyId, filter) is { } known) return known;
            if (_lastScan is { } last && clock.GetElapsedTime(last) < ScanPause) return null;
            _lastScan = clock.GetTimestamp();
            Scan();
            return Match(keyId, filter);
        }
    }

    /// <summary>The identities that pass the filter and whose certificate has a serial number, in the order of their folders.</summary>
    /// <remarks>Who makes a certificate chooses its serial number, so several may share one: each must be tried.</remarks>
    public IReadOnlyList<Identity> FindBySerialNumber(string serialNumber, IdentityName filter)
    {
        lock (_lock)
        {
            List<Identity> found = Matching();
            if (found.Count > 0 || (_lastScan is { } last && clock.GetElapsedTime(last) < ScanPause)) return found;
            _lastScan = clock.GetTimestamp();
            Scan();
            return Matching();
        }

        List<Identity> Matching() =>
        [
            .. _byPath.Values
                .Where(entry => entry.Identity is { } identity && filter.Covers(identity.Name)
                    && string.Equals(identity.Certificate.SerialNumber, serialNumber, StringComparison.OrdinalIgnoreCase)
                    && Stamp.Of(entry.Path) == entry.Stamp)
                .OrderBy(static entry => entry.Path, StringComparer.Ordinal)
                .Select(static entry => entry.Identity!),
        ];
    }

    private Identity? Match(ReadOnlySpan<byte> keyId, IdentityName filter)
    {
        while (First(keyId, filter) is { } entry)
        {
            if (Stamp.Of(entry.Path) == entry.Stamp) return entry.Identity;
            _byPath.Remove(entry.Path); // Gone or replaced: read it anew, and look at the next folder with this key.
            if (Read(entry.Path, entry.Name) is { } reread) _byPath[entry.Path] = reread;
        }

        return null;
    }

    private Entry? First(ReadOnlySpan<byte> keyId, IdentityName filter)
    {
        Entry? first = null;
        foreach (Entry entry in _byPath.Values)
        {
            if (entry.Identity is not { } identity || !filter.Covers(identity.Name)
                || !identity.KeyId.Span.SequenceEqual(keyId)) continue;
            // Two folders with one key: the first by name wins, on every machine and at every start.
            if (first is null || string.CompareOrdinal(entry.Path, first.Path) < 0) first = entry;
        }

        return first;
    }

    private void Scan()
    {
        HashSet<string> present = [];
        foreach (IdentityName name in RepositoryFolders.List(repository).Take(LargestRepository))
        {
            string path = RepositoryFolders.CertificatePath(repository, name);
            if (Stamp.Of(path) is not { } stamp) continue;
            present.Add(path);
            if (_byPath.TryGetValue(path, out Entry? known) && known.Stamp == stamp) continue;
            if (Read(path, name) is { } entry) _byPath[path] = entry;
        }

        foreach (string gone in _byPath.Keys.Where(path => !present.Contains(path)).ToArray()) _byPath.Remove(gone);
    }

    private static Entry? Read(string path, IdentityName name)
    {
        // The stamp comes first: a change while reading makes it differ, and the file is read once more.
        if (Stamp.Of(path) is not { } stamp) return null;
        try
        {
            bool good = CertificateFile.TryReadCertificate(
                CertificateFile.ReadSmall(path), out X509Certificate2? certificate, out RSA? key, out _);
            return new(path, name, stamp, good ? new Identity(name, certificate!, key!) : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Not readable now; it is tried again at the next scan. `verify` tells the user.
        }
    }

    private sealed record Entry(string Path, IdentityName Name, Stamp Stamp, Identity? Identity);

    /// <summary>What changes when a file is written anew.</summary>
    private sealed record Stamp(DateTime Written, long Length)
    {
        public static Stamp? Of(string path)
        {
            FileInfo file = new(path);
            return file.Exists ? new(file.LastWriteTimeUtc, file.Length) : null;
        }
    }
}
