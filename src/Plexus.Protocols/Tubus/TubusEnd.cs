namespace Plexus.Protocols.Tubus;

/// <summary>Why a channel ended.</summary>
internal enum TubusEnd
{
    /// <summary>We closed, all that we wrote has arrived, and the peer knows of the end.</summary>
    Closed,

    /// <summary>We closed and all that we wrote has arrived, but the peer did not confirm the end in time.</summary>
    CloseUnconfirmed,

    /// <summary>We closed, and the peer did not take the rest of what we wrote in time.</summary>
    FlushTimedOut,

    /// <summary>The peer ended it, and nothing that arrived before is missing.</summary>
    ClosedByPeer,

    /// <summary>The peer ended it while something was missing, or before we had delivered what we wrote.</summary>
    CutOffByPeer,

    /// <summary>Nobody granted the link in time.</summary>
    ConnectTimedOut,

    /// <summary>Nobody asked for the link in time.</summary>
    AcceptTimedOut,

    /// <summary>Nothing was heard of the peer for too long.</summary>
    PeerSilent,

    /// <summary>A piece was sent as often as allowed, and not acknowledged.</summary>
    TooManyAttempts,

    /// <summary>We ended it without care for what was on its way.</summary>
    Aborted,
}
