namespace Plexus.Lab.Nats;

/// <summary>What a NAT does when a datagram comes that it does not let in.</summary>
internal enum UnsolicitedReaction
{
    /// <summary>Nothing.</summary>
    Drop,

    /// <summary>
    /// Takes it for itself and remembers the pair of endpoints, so that a later mapping to that destination gets another outer port:
    /// a Linux router without a default-deny on its own input.
    /// </summary>
    PoisonTuple,

    /// <summary>Gives up the mapping it came to; the next outgoing datagram gets another outer port.</summary>
    MoveMapping,

    /// <summary>Lets nothing in from that address for a while.</summary>
    BlockSource,
}
