using System.Net;
using Plexus.Protocols;
using Plexus.Protocols.Punch;

namespace Plexus.Passages;

/// <summary>A handshake that has opened its passage, beside the payload that has taken over: it confirms and answers, and keeps nothing alive.</summary>
/// <param name="handshake">The handshake.</param>
/// <param name="ahead">By how much the clock it began with is ahead of the one that it is driven by now.</param>
internal sealed class HandshakeCompanion(PunchHandshake handshake, TimeSpan ahead) : IDatagramProtocol
{
    // Once it has settled only its keep-alive is timed, and the payload's own datagrams do that.
    public Instant? Deadline => handshake.IsSettled || handshake.Deadline is not { } deadline ? null : deadline - ahead;

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now) =>
        handshake.OnDatagram(datagram, from, now + ahead);

    public void OnDeadline(Instant now)
    {
        if (!handshake.IsSettled) handshake.OnDeadline(now + ahead);
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit) =>
        handshake.TryTransmit(buffer, now + ahead, out transmit);
}
