namespace Plexus.Protocols.Kademlia;

/// <summary>Why a datagram that came in had no effect.</summary>
internal enum DropReason
{
    /// <summary>Its source address cannot be one.</summary>
    Martian,

    /// <summary>Its source has answered a search without a token.</summary>
    Blacklisted,

    /// <summary>It is no message.</summary>
    Malformed,

    /// <summary>It belongs to another network.</summary>
    OtherNetwork,

    /// <summary>Its sender has no id, or claims ours.</summary>
    NoSender,

    /// <summary>Its sender, or all together, ask too much.</summary>
    RateLimit,

    /// <summary>A reply or error that nothing waits for.</summary>
    Unexpected,

    /// <summary>A reply from elsewhere than where the request went.</summary>
    WrongSource,

    /// <summary>A part that belongs to no message, or to one that is complete.</summary>
    StrayPart,
}
