using Plexus.Protocols.Wormhole;

namespace Plexus.Tunnels;

/// <summary>What a carrier tells of the tunnel as a whole.</summary>
internal interface ICarrierUser
{
    /// <summary>The peer has introduced itself.</summary>
    void OnReady();

    /// <summary>The peer wants a connection to a service; it gets a <see cref="LocalSide"/> before this returns, or is refused.</summary>
    void OnOpened(MultiplexedConnection connection);

    /// <summary>The peer takes no new connections.</summary>
    void OnGoAway(TunnelReason reason, string text);
}
