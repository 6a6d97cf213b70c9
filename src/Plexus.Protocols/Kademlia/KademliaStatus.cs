namespace Plexus.Protocols.Kademlia;

/// <summary>How well a node is connected, in its address family.</summary>
internal enum KademliaStatus
{
    /// <summary>Nobody is known who could be asked.</summary>
    Disconnected,

    /// <summary>Somebody is asked, and has not answered.</summary>
    Connecting,

    /// <summary>At least one node answers.</summary>
    Connected,
}
