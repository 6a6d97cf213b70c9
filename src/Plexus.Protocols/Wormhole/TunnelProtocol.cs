namespace Plexus.Protocols.Wormhole;

/// <summary>What a service of a tunnel speaks. The values are those on the wire, docs/protocols/tunnel.md.</summary>
public enum TunnelProtocol
{
    /// <summary>TCP: connections, every byte in order, backpressure from end to end.</summary>
    Tcp = 1,

    /// <summary>UDP: datagrams, which are dropped where they would have to wait.</summary>
    Udp = 2,
}
