namespace Plexus.Protocols.Punch;

/// <summary>Which part a side plays in the handshake.</summary>
internal enum PunchRole
{
    /// <summary>Knocks until it is heard: the original's active side.</summary>
    Inviter,

    /// <summary>Opens its own NAT and answers knocks: the original's passive side.</summary>
    Acceptor,
}
