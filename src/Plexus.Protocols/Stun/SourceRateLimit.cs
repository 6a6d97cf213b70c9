using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Plexus.Protocols.Stun;

/// <summary>Lets each source do so much in a second, in a memory that never grows.</summary>
/// <remarks>
/// A table of buckets, chosen by a seeded hash of the source: an IPv4 address, or the /64 of an IPv6 one, since that
/// is what one household has. Sources that share a bucket share its allowance.
/// </remarks>
/// <param name="perSecond">How much a source may do in the long run.</param>
/// <param name="burst">How much it may do at once.</param>
/// <param name="seed">An unpredictable number, so that nobody can choose whose bucket to empty.</param>
internal sealed class SourceRateLimit(double perSecond, int burst, uint seed)
{
    private const int BucketCount = 4096; // 64 KiB
    private const int NetworkLengthV6 = 8;

    private readonly Bucket[] _buckets = new Bucket[BucketCount];

    /// <summary>Takes one from the source's allowance.</summary>
    /// <returns>False when it is used up.</returns>
    public bool TryTake(IPAddress source, Instant now)
    {
        ref Bucket bucket = ref _buckets[IndexOf(source)];
        double spent = Math.Max(0, bucket.Spent - ((now - bucket.At).TotalSeconds * perSecond));
        bucket = new Bucket(spent, now);
        if (spent + 1 > burst) return false;
        bucket = new Bucket(spent + 1, now);
        return true;
    }

    private uint IndexOf(IPAddress source)
    {
        Span<byte> bytes = stackalloc byte[16];
        source.TryWriteBytes(bytes, out int length);
        if (source.AddressFamily == AddressFamily.InterNetworkV6) length = NetworkLengthV6;
        uint hash = seed;
        foreach (byte b in bytes[..length]) hash = (hash ^ b) * 16777619; // FNV-1a
        hash ^= hash >> 15; // The upper bits are the well mixed ones.
        return hash % BucketCount;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Bucket(double Spent, Instant At);
}
