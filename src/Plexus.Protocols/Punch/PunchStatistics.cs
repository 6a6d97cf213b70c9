namespace Plexus.Protocols.Punch;

/// <summary>What a handshake has seen, for logs.</summary>
/// <param name="Sent">Frames sent.</param>
/// <param name="Heard">Valid frames from the peer, or from a candidate for it.</param>
/// <param name="Junk">Datagrams from the peer's endpoint, or from a candidate, that are no valid frame.</param>
/// <param name="Strangers">Datagrams from elsewhere, and from more candidates than are kept.</param>
internal readonly record struct PunchStatistics(int Sent, int Heard, int Junk, int Strangers);
