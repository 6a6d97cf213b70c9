using System.Net;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Searching;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>Decides which nodes to know, and where they are. docs/protocols/opendht-node.md.</summary>
/// <remarks>
/// Whoever sends a message names an id that nobody proves. A node that answers at its place therefore keeps it, until
/// the new place has proved itself: by a token of ours, by the number of a registration, or by answering a ping.
/// </remarks>
internal sealed class Contacts(KademliaContext context, RoutingTable routing, Blacklist blacklist, IReadOnlyDictionary<InfoHash, Search> searches)
{
    // Pings to places that claim a good node's id, at a time.
    private const int MaxClaims = 16;

    /// <summary>Nodes taken from one list; eight are usual.</summary>
    private const int MaxListed = 16;

    private static readonly TimeSpan GrowthPause = TimeSpan.FromMinutes(5);

    /// <summary>Told that the table grows again, after a pause.</summary>
    public Action<Instant>? Growing { get; set; }

    /// <summary>The last answer to any request of ours.</summary>
    public Instant? LastAnswer { get; private set; }

    /// <summary>The sender of a request; null when its id answers us from another address.</summary>
    /// <param name="isProved">The message proves that it comes from the node, or at least from where it says.</param>
    public RemoteNode? OnRequest(KademliaMessage message, IPEndPoint from, bool isProved, Instant now)
    {
        if (context.Nodes.Find(message.Sender) is not { } node) node = new RemoteNode(message.Sender, from);
        if (!node.EndPoint.Equals(from))
        {
            if (!isProved && node.IsGood(now))
            {
                VerifyClaim(from, now);
                return null;
            }

            node.MoveTo(from);
        }

        node.OnHeard(message.IsClient, now);
        return node;
    }

    /// <summary>Who answered a request; it stands in the table until <see cref="NodeTable.Release"/>.</summary>
    public RemoteNode OnAnswer(KademliaMessage message, PendingRequest request, Instant now)
    {
        RemoteNode node = context.Nodes.Find(message.Sender) ?? new RemoteNode(message.Sender, request.EndPoint);
        context.Nodes.Hold(node);
        if (!node.EndPoint.Equals(request.EndPoint)) node.MoveTo(request.EndPoint);
        node.OnHeard(message.IsClient, now);
        node.LastReply = now;
        LastAnswer = now;
        context.Transactions.Complete(request, node, now);

        // Another id answers at this place: the one that was asked is gone.
        if (request.Node is { } asked && !ReferenceEquals(asked, node)) context.Transactions.Expire(asked, now);
        return node;
    }

    /// <summary>Offers a node to the table, and to all searches.</summary>
    public void Confirm(RemoteNode node, Confirmation confirmation, Instant now)
    {
        if (node.IsClient) return;
        bool isPaused = routing.GrowTime is { } grown && now - grown > GrowthPause;
        bool hasChanged = routing.Insert(node, confirmation, now);
        if (isPaused && confirmation != Confirmation.Replied && routing.GrowTime == now) Growing?.Invoke(now);
        if (!hasChanged && confirmation == Confirmation.Told) return;
        foreach (Search search in searches.Values) search.Offer(node, 0, now);
    }

    /// <summary>Takes the nodes that another tells of.</summary>
    public void Learn(IReadOnlyList<NodeEntry> entries, RemoteNode teller, Instant now)
    {
        for (int i = 0; i < entries.Count && i < MaxListed; i++)
        {
            if (IsRepeated(entries, i) || Accept(Martians.Resolve(entries[i], teller.EndPoint), now) is not { } node) continue;
            foreach (Search search in searches.Values)
            {
                if (search.HasWork) search.OfferFrom(teller, node, now);
            }

            Confirm(node, Confirmation.Told, now);
        }
    }

    /// <summary>The node that an entry names; null when it is none of use.</summary>
    public RemoteNode? Accept(NodeEntry entry, Instant now)
    {
        if (entry.Id.IsZero || entry.Id == context.Options.Id || Martians.IsMartian(entry.EndPoint) || blacklist.Contains(entry.EndPoint, now)) return null;
        if (context.Nodes.Find(entry.Id) is not { } node) return new RemoteNode(entry.Id, entry.EndPoint);
        if (node.IsOld(now) && node.Pending == 0 && !node.EndPoint.Equals(entry.EndPoint)) node.MoveTo(entry.EndPoint);
        return node;
    }

    public void Ping(RemoteNode node, Instant now) =>
        context.Transactions.Send(KademliaRequest.Ping, node, id => [context.Writer.Ping(id)], now);

    /// <summary>Many ids at one endpoint are one node at most, or a trap for its owner.</summary>
    private static bool IsRepeated(IReadOnlyList<NodeEntry> entries, int index)
    {
        for (int i = 0; i < index; i++)
        {
            if (entries[i].EndPoint.Equals(entries[index].EndPoint)) return true;
        }

        return false;
    }

    private void VerifyClaim(IPEndPoint from, Instant now)
    {
        if (context.Transactions.CountUnknown(from) is var (total, toHere) && (toHere > 0 || total >= MaxClaims)) return;
        context.Transactions.Send(KademliaRequest.Ping, from, id => [context.Writer.Ping(id)], now);
    }
}
