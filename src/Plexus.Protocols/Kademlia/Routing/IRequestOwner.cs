using Plexus.Protocols.Kademlia.Messages;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>Hears what becomes of its requests. After each call but <see cref="OnSlow"/> the request is over.</summary>
internal interface IRequestOwner
{
    /// <param name="node">Who answered: the node that was asked, under the id that it has now.</param>
    void OnReply(PendingRequest request, RemoteNode node, KademliaMessage reply, Instant now);

    /// <param name="code">One of <see cref="KademliaError"/> that means something for this request.</param>
    void OnError(PendingRequest request, ulong code, Instant now);

    /// <summary>The answer takes longer than it should: others may be asked. It may still come.</summary>
    void OnSlow(PendingRequest request, Instant now);

    /// <summary>No answer came, to this request or to another of the same node.</summary>
    void OnExpired(PendingRequest request, Instant now);
}
