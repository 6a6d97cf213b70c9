using System.Net;

namespace Plexus.Protocols;

/// <summary>A conversation over one datagram socket, with no socket and no clock inside.</summary>
/// <remarks>
/// Make one On… call, drain <see cref="TryTransmit"/> until it answers false, then wait for a datagram or the
/// <see cref="Deadline"/>. Nothing that a datagram holds makes a method throw.
/// </remarks>
internal interface IDatagramProtocol
{
    /// <summary>When <see cref="OnDeadline"/> is wanted next; null while nothing is timed.</summary>
    Instant? Deadline { get; }

    /// <summary>Takes a datagram that the socket received.</summary>
    void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now);

    /// <summary>Tells that the deadline has passed. Early and repeated calls are harmless.</summary>
    void OnDeadline(Instant now);

    /// <summary>Writes the next datagram that is due. The buffer holds at least 2,048 bytes.</summary>
    bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit);
}
