using System.Net;
using Plexus.Protocols.Introductions;

namespace Plexus.Protocols.Punch;

/// <summary>What a handshake is to do.</summary>
/// <param name="Role">Our part.</param>
/// <param name="Peer">The endpoint that the peer has introduced.</param>
/// <param name="Secret">The exclusive or of both puzzles, which masks the frames.</param>
internal sealed record PunchPlan(PunchRole Role, IPEndPoint Peer, SharedSecret Secret)
{
    /// <summary>
    /// The time-to-live, in hops, of the acceptor's first frames and of all keep-alive. It must reach past our own NAT and die
    /// before the peer's, because some NATs drop or move a mapping when an unexpected datagram arrives. 1 to 255, default 7.
    /// </summary>
    public byte Hops { get; init; } = 7;

    /// <summary>How long it may take from its start. The default is the original's 60 s.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long to wait before the first frame; what comes meanwhile is answered. Default none.</summary>
    public TimeSpan StartAfter { get; init; }

    /// <summary>
    /// When an acceptor that has heard nothing begins to knock with frames that can arrive: our NAT must open even where
    /// <see cref="Hops"/> do not reach past it, and a peer may have to learn a port of ours that no one could tell it. Give it more
    /// time where the peer is known to come late and may sit behind a NAT that early datagrams hurt. Default 300 ms.
    /// </summary>
    public TimeSpan FullKnocksAfter { get; init; } = TimeSpan.FromMilliseconds(300);
}
