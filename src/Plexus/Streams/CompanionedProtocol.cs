using System.Net;
using Plexus.Protocols;

namespace Plexus.Streams;

/// <summary>Two cores on one socket, told apart by the length of their datagrams.</summary>
/// <remarks>
/// A handshake that opened the passage may have to answer its peer for a while after the streams have begun. Its frames are no longer
/// than 16 bytes, and tubus' datagrams never that short: docs/protocols/tubus.md.
/// </remarks>
internal sealed class CompanionedProtocol(IBatchProtocol protocol, IDatagramProtocol companion) : IBatchProtocol
{
    private const int LongestOfCompanion = 16; // bytes

    public Instant? Deadline => Instant.Earliest(protocol.Deadline, companion.Deadline);

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (datagram.Length <= LongestOfCompanion) companion.OnDatagram(datagram, from, now);
        else protocol.OnDatagram(datagram, from, now);
    }

    public void OnDatagrams(Span<byte> datagrams, int datagramLength, IPEndPoint from, Instant now)
    {
        if (datagramLength <= LongestOfCompanion)
        {
            for (int at = 0; at < datagrams.Length; at += datagramLength)
                companion.OnDatagram(datagrams[at..Math.Min(at + datagramLength, datagrams.Length)], from, now);
            return;
        }

        int last = datagrams.Length % datagramLength; // The last one may be shorter, and so the companion's.
        if (last is > 0 and <= LongestOfCompanion)
        {
            companion.OnDatagram(datagrams[^last..], from, now);
            datagrams = datagrams[..^last];
        }

        if (!datagrams.IsEmpty) protocol.OnDatagrams(datagrams, datagramLength, from, now);
    }

    public void OnDeadline(Instant now)
    {
        if (companion.Deadline <= now) companion.OnDeadline(now);
        if (protocol.Deadline <= now) protocol.OnDeadline(now);
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit) =>
        companion.TryTransmit(buffer, now, out transmit) || protocol.TryTransmit(buffer, now, out transmit);

    public bool TryTransmit(Span<byte> buffer, Instant now, out TransmitBatch batch)
    {
        if (!companion.TryTransmit(buffer, now, out Transmit transmit)) return protocol.TryTransmit(buffer, now, out batch);
        batch = new TransmitBatch(transmit.Length, transmit.Length, transmit.To, MayFragment: true, transmit.Hops);
        return true;
    }
}
