namespace Plexus.Protocols.Punch;

/// <summary>How far a handshake is.</summary>
internal enum PunchState
{
    /// <summary>An inviter that has not been heard yet.</summary>
    Knocking,

    /// <summary>An acceptor that has not been heard yet.</summary>
    Listening,

    /// <summary>Both directions are proved.</summary>
    Open,

    /// <summary>The time is over.</summary>
    Expired,
}
