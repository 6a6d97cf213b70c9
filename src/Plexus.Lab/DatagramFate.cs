namespace Plexus.Lab;

/// <summary>What became of a datagram.</summary>
internal enum DatagramFate
{
    /// <summary>Still on its way.</summary>
    Travelling,

    /// <summary>A socket has it.</summary>
    Delivered,

    /// <summary>Lost on a line, by chance.</summary>
    Lost,

    /// <summary>Dropped before a busy line.</summary>
    Congested,

    /// <summary>Larger than a line's packets.</summary>
    TooBig,

    /// <summary>Its time-to-live ended.</summary>
    Expired,

    /// <summary>A NAT had no mapping for it.</summary>
    Unmapped,

    /// <summary>A NAT's mapping does not let this source in.</summary>
    Filtered,

    /// <summary>A NAT that does not turn traffic round.</summary>
    NotTurned,

    /// <summary>Nobody has its address.</summary>
    NoRoute,

    /// <summary>A host, but no socket.</summary>
    NoSocket,

    /// <summary>A socket whose buffer was full.</summary>
    Overrun,
}
