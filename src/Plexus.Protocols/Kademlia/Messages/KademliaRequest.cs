namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>The requests that nodes understand.</summary>
internal enum KademliaRequest
{
    /// <summary>Not a request.</summary>
    None,
    Ping,
    Find,
    Get,
    Put,
    Refresh,
    Listen,
    Update,
}
