using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Storage;

namespace Plexus.Protocols.Kademlia.Searching;

/// <summary>One registration of ours at one node. Pushes that carry its number belong to its search.</summary>
internal sealed class ListenSocket(uint id, Search search, RemoteNode node, Instant opened)
{
    /// <summary>The <c>sid</c>; names no request.</summary>
    public uint Id { get; } = id;

    public Search Search { get; } = search;

    public RemoteNode Node { get; } = node;

    /// <summary>The pending registration or renewal.</summary>
    public PendingRequest? Request { get; set; }

    /// <summary>When the node last took it.</summary>
    public Instant? Acknowledged { get; set; }

    /// <summary>Nodes push until the registration ends, which they let happen late.</summary>
    public bool IsLapsed(Instant now) => Request is null && now - (Acknowledged ?? opened) > StoredListener.Lifetime * 2;
}
