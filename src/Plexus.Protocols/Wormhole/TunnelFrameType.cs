namespace Plexus.Protocols.Wormhole;

/// <summary>The frames of the tunnel protocol. Receivers skip what they do not know.</summary>
internal enum TunnelFrameType : byte
{
    /// <summary>First in both directions: versions, limits, services.</summary>
    Hello = 1,

    /// <summary>Opens a connection to a service of the receiver.</summary>
    Open = 2,

    /// <summary>The service is connected.</summary>
    Accepted = 3,

    /// <summary>There is no connection: reason and text.</summary>
    Refused = 4,

    /// <summary>Bytes of a TCP connection.</summary>
    Data = 5,

    /// <summary>No more data in this direction.</summary>
    End = 6,

    /// <summary>The connection is over in both directions: reason and text.</summary>
    Reset = 7,

    /// <summary>The receiver of data allows so many bytes more.</summary>
    Credit = 8,

    /// <summary>The sender of data has more than it is allowed to send.</summary>
    Blocked = 9,

    /// <summary>A datagram of a UDP flow.</summary>
    Datagram = 10,

    /// <summary>Eight bytes that the receiver sends back.</summary>
    Ping = 11,

    /// <summary>The answer to a ping.</summary>
    Pong = 12,

    /// <summary>The sender opens and takes no new connections: reason and text.</summary>
    GoAway = 13,
}
