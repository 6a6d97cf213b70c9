namespace Plexus.Protocols.Wormhole;

/// <summary>Why a connection was refused or reset, or a tunnel ended. The values are those on the wire, docs/protocols/tunnel.md.</summary>
internal enum TunnelReason : ushort
{
    /// <summary>Nothing was told.</summary>
    None = 0,

    /// <summary>The tunnel is being ended on purpose.</summary>
    Closing = 1,

    /// <summary>The peer exports no service of that name and protocol.</summary>
    NoSuchService = 2,

    /// <summary>The service refused the connection, or its machine cannot be reached.</summary>
    Unreachable = 3,

    /// <summary>The service did not answer in time.</summary>
    TimedOut = 4,

    /// <summary>As many connections as are allowed are open.</summary>
    TooMany = 5,

    /// <summary>The TCP connection of the other side was reset or failed.</summary>
    Reset = 6,

    /// <summary>The receiver of the data took none for too long, and others had to wait for it.</summary>
    Stalled = 7,

    /// <summary>The peer broke the rules of the tunnel.</summary>
    Violation = 8,

    /// <summary>No datagram came for a while, so the flow was forgotten.</summary>
    Idle = 9,

    /// <summary>No common version.</summary>
    Version = 10,
}
