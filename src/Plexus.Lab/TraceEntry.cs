using System.Globalization;
using System.Net;

namespace Plexus.Lab;

/// <summary>One datagram that a host has sent, and what became of it.</summary>
/// <param name="SentAt">When, since the laboratory began.</param>
/// <param name="Host">The name of the host.</param>
/// <param name="From">The source, as the host wrote it.</param>
/// <param name="To">The destination, as the host wrote it.</param>
/// <param name="Length">The payload's length in bytes.</param>
/// <param name="Hops">The time-to-live it was sent with.</param>
/// <param name="Checksum">Tells two payloads apart (FNV-1a).</param>
internal sealed record TraceEntry(
    TimeSpan SentAt, string Host, IPEndPoint From, IPEndPoint To, int Length, int Hops, uint Checksum)
{
    /// <summary>The fate; a datagram that a line doubled counts as delivered when one copy is.</summary>
    public DatagramFate Fate { get; private set; }

    /// <summary>The node at which it ended.</summary>
    public string? EndedAt { get; private set; }

    /// <summary>When it ended, since the laboratory began.</summary>
    public TimeSpan? At { get; private set; }

    /// <summary>The source as it was where the datagram ended.</summary>
    public IPEndPoint Source { get; private set; } = From;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{SentAt.TotalMilliseconds:0.000} {Host} {From} > {To} {Length} B ttl {Hops} #{Checksum:x8}: {Fate}{Ending()}");

    internal static uint ChecksumOf(ReadOnlySpan<byte> payload)
    {
        uint hash = 2166136261; // FNV-1a's offset and prime
        foreach (byte b in payload) hash = (hash ^ b) * 16777619;
        return hash;
    }

    internal void End(DatagramFate fate, string where, TimeSpan at, IPEndPoint source)
    {
        if (Fate == DatagramFate.Delivered) return;
        Fate = fate;
        EndedAt = where;
        At = at;
        Source = source;
    }

    private string Ending() => At is not { } at
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $" at {EndedAt} {at.TotalMilliseconds:0.000} from {Source}");
}
