namespace Plexus.Protocols.Wormhole;

/// <summary>What the carrier has brought.</summary>
internal enum TunnelEventKind
{
    /// <summary>The peer's first frame: connections may be opened now.</summary>
    Ready,

    /// <summary>The peer wants a connection to a service; answer with <see cref="Multiplexer.Accept"/> or <see cref="Multiplexer.Refuse"/>.</summary>
    Opened,

    /// <summary>The peer's service has accepted.</summary>
    Accepted,

    /// <summary>There is no connection, or it is over in both directions: what is not delivered yet need not be.</summary>
    Reset,

    /// <summary>Bytes for the local side.</summary>
    Data,

    /// <summary>
    /// The last byte has come. The local side gets its end after them; if <see cref="MultiplexedConnection.CanSend"/> is false now,
    /// nothing goes the other way either.
    /// </summary>
    Ended,

    /// <summary>A datagram for the local side.</summary>
    Datagram,

    /// <summary>The peer takes no new connections.</summary>
    GoAway,
}
