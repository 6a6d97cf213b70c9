using System.Buffers.Binary;

namespace Plexus.Protocols.Kademlia;

/// <summary>Numbers out of the random bytes that the node was given.</summary>
/// <param name="fill">
/// Fills a span with random bytes: a cryptographic generator in service, since transaction ids must not be
/// guessable; a seeded one in tests.
/// </param>
internal sealed class RandomSource(Action<Span<byte>> fill)
{
    public InfoHash Id() => InfoHash.Random(fill);

    public ulong UInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>0 to <paramref name="limit"/> − 1. The bias of the remainder guards nothing here.</summary>
    public int Below(int limit) => (int)(UInt64() % (uint)limit);

    /// <summary>A duration between two, as even as milliseconds are.</summary>
    public TimeSpan Between(TimeSpan shortest, TimeSpan longest) =>
        shortest + TimeSpan.FromMilliseconds(Below((int)(longest - shortest).TotalMilliseconds + 1));
}
