using System.Net;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Storage;

/// <summary>Answers the requests of others. docs/protocols/opendht-node.md, "Serving".</summary>
/// <remarks>
/// A find or get is always answered with a token: whoever answers without one is shunned. Writing and listening need a
/// token, so nobody writes, or makes us push, under another's address.
/// </remarks>
internal sealed class RequestServer(
    KademliaContext context, Outbox outbox, WriteTokens tokens, ValueStore store, StoragePolicy policy, ListenerPushes pushes)
{
    /// <summary>Nodes named in an answer, for each family.</summary>
    private const int ListedNodes = 8;

    /// <summary>So many known nodes decide whether a key is too far from us to store values.</summary>
    private const int DistanceNodes = 14;

    /// <summary>The longest datagram that is sent: a value part has about as much.</summary>
    private const int LongestReply = 1330;

    private readonly List<RemoteNode> _found = [];

    /// <summary>The node of the other address family on this host, for those who ask for both.</summary>
    public KademliaNode? Sibling { get; set; }

    /// <summary>Whether a request proves, by its token, that its sender is where it says.</summary>
    public bool HasValidToken(KademliaMessage request, IPEndPoint from, Instant now) =>
        request.Request is KademliaRequest.Put or KademliaRequest.Refresh or KademliaRequest.Listen
        && tokens.IsValid(request.Token.Span, from, now);

    /// <param name="sender">Who asks; null when its id is in use at another address and no token vouches for it.</param>
    public void Serve(KademliaMessage request, RemoteNode? sender, IPEndPoint from, Instant now)
    {
        uint id = request.TransactionId;
        context.Counters.OnServed(request.Request);
        switch (request.Request)
        {
            case KademliaRequest.Ping:
            case KademliaRequest.Update: // What it pushes was taken before; even a stranger's is acknowledged.
                Reply(from, context.Writer.Acknowledge(id, from));
                break;
            case KademliaRequest.Find:
                Reply(from, context.Writer.Nodes(id, from, Nodes4(request, request.Target, now), Nodes6(request, request.Target, now), tokens.Issue(from, now)));
                break;
            case KademliaRequest.Get when request.Key.IsZero:
            case KademliaRequest.Put when request.Key.IsZero:
            case KademliaRequest.Listen when request.Key.IsZero:
                Refuse(from, id, KademliaError.Incomplete, "key missing");
                break;
            case KademliaRequest.Get:
                Get(request, from, now);
                break;
            default:
                if (!tokens.IsValid(request.Token.Span, from, now)) Refuse(from, id, KademliaError.WrongToken, "wrong token");
                else if (request.Request == KademliaRequest.Put) Put(request, from, now);
                else if (request.Request == KademliaRequest.Refresh) Refresh(request, from, now);
                else if (sender is not null) Listen(request, sender, from, now);
                break;
        }
    }

    /// <summary>Good nodes closest to an id, as entries for a list.</summary>
    public List<NodeEntry> Closest(InfoHash target, InfoHash except, Instant now)
    {
        _found.Clear();
        context.Nodes.Closest(target, ListedNodes, NodeFilter.Good, now, _found, except);
        List<NodeEntry> entries = new(_found.Count);
        foreach (RemoteNode node in _found) entries.Add(new NodeEntry(node.Id, node.EndPoint));
        return entries;
    }

    private List<NodeEntry> Nodes4(KademliaMessage request, InfoHash target, Instant now) => Nodes(request, target, isV6: false, now);

    private List<NodeEntry> Nodes6(KademliaMessage request, InfoHash target, Instant now) => Nodes(request, target, isV6: true, now);

    private List<NodeEntry> Nodes(KademliaMessage request, InfoHash target, bool isV6, Instant now)
    {
        WantedFamilies own = context.Options.IsV6 ? WantedFamilies.V6 : WantedFamilies.V4;
        if (((request.Want ?? own) & (isV6 ? WantedFamilies.V6 : WantedFamilies.V4)) == 0) return [];
        return isV6 == context.Options.IsV6 ? Closest(target, request.Sender, now) : Sibling?.Server.Closest(target, request.Sender, now) ?? [];
    }

    private void Get(KademliaMessage request, IPEndPoint from, Instant now)
    {
        uint id = request.TransactionId;
        List<NodeEntry> nodes4 = Nodes4(request, request.Key, now);
        List<NodeEntry> nodes6 = Nodes6(request, request.Key, now);
        byte[] token = tokens.Issue(from, now);
        List<DhtValue> values = store.Find(request.Key) is { } entry
            ? [.. entry.Values.Select(stored => stored.Value).Where(request.Query.Matches)]
            : [];
        if (values.Count == 0)
        {
            Reply(from, context.Writer.Nodes(id, from, nodes4, nodes6, token));
            return;
        }

        if (request.Query.Select.Count > 0 && SelectedFields.LeastLength(request.Query.Select, values) <= LongestReply)
        {
            byte[] reply = context.Writer.Fields(id, from, nodes4, nodes6, token, request.Query.Select, values);
            if (reply.Length <= LongestReply)
            {
                Reply(from, reply);
                return;
            }
        }

        // Also for a selection that does not fit: it has no parts, and askers take the fields from values as well.
        Reply(from, context.Writer.Values(id, from, nodes4, nodes6, token, Limited(values)));
    }

    /// <summary>As many values as one message may carry; of more, a random stretch, so that asking again brings others.</summary>
    private List<DhtValue> Limited(List<DhtValue> values)
    {
        long size = values.Sum(value => (long)value.Size);
        if (size <= ValueParts.UpdateLimit) return values;
        int start = context.Random.Below(values.Count);
        List<DhtValue> limited = [];
        size = 0;
        for (int i = 0; i < values.Count && size < ValueParts.UpdateLimit; i++)
        {
            DhtValue value = values[(start + i) % values.Count];
            limited.Add(value);
            size += value.Size;
        }

        return limited;
    }

    private void Put(KademliaMessage request, IPEndPoint from, Instant now)
    {
        bool isTooFar = IsTooFar(request.Key, now);
        long unixNow = context.UnixTime(now);
        long age = request.Created is { } created && created < (ulong)unixNow ? unixNow - (long)created : 0;
        foreach (DhtValue value in request.Values)
        {
            if (value.Id == 0)
            {
                Refuse(from, request.TransactionId, KademliaError.Incomplete, "value id zero");
                continue;
            }

            if (!isTooFar) Store(request.Key, value, age, from, now);
            Reply(from, context.Writer.AcknowledgeValue(request.TransactionId, from, value.Id));
        }
    }

    private void Store(InfoHash key, DhtValue value, long age, IPEndPoint from, Instant now)
    {
        DhtValue? accepted;
        if (store.Find(key)?.Find(value.Id)?.Value is not { } stored)
        {
            accepted = policy.Accept(key, value, from, now);
        }
        else if (stored.HasSameContent(value))
        {
            store.Refresh(key, value.Id, now);
            return;
        }
        else
        {
            accepted = policy.MayReplace(stored, value, from, now) ? value : null;
        }

        TimeSpan left = StoragePolicy.Lifetime(value.Type) - TimeSpan.FromSeconds(Math.Min(age, int.MaxValue));
        if (accepted is not null) store.Store(key, accepted, now + left, from.Address, now);
    }

    /// <summary>Enough nodes are closer to the key than we are: nobody would look for it here.</summary>
    private bool IsTooFar(InfoHash key, Instant now)
    {
        _found.Clear();
        context.Nodes.Closest(key, DistanceNodes, NodeFilter.Good, now, _found);
        return _found.Count >= ListedNodes && key.CompareDistance(_found[^1].Id, context.Options.Id) < 0;
    }

    private void Refresh(KademliaMessage request, IPEndPoint from, Instant now)
    {
        if (store.Refresh(request.Key, request.ValueId, now))
            Reply(from, context.Writer.AcknowledgeValue(request.TransactionId, from, request.ValueId));
        else
            Refuse(from, request.TransactionId, KademliaError.NotFound, "nothing stored");
    }

    private void Listen(KademliaMessage request, RemoteNode sender, IPEndPoint from, Instant now)
    {
        // Without room there is no answer, which sends the listener elsewhere.
        if (store.Listen(request.Key, sender, request.SocketId, now, out bool isNew) is not { } listener) return;
        listener.Query = request.Query;
        listener.IsLegacy = request.ListenVersion < 1;
        if (isNew || listener.HasMissed) pushes.PushAll(listener, now); // Before the answer, as OpenDHT does.
        Reply(from, context.Writer.ListenReply(request.TransactionId, from, tokens.Issue(from, now)));
    }

    private void Refuse(IPEndPoint to, uint id, uint code, string text)
    {
        if (outbox.Send(to, context.Writer.Error(id, code, text))) context.Counters.ErrorsSent++;
    }

    private void Reply(IPEndPoint to, byte[] reply)
    {
        if (outbox.Send(to, reply)) context.Counters.RepliesSent++;
    }

    private void Reply(IPEndPoint to, byte[][] reply)
    {
        if (outbox.Send(to, reply)) context.Counters.RepliesSent++;
    }
}
