using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Storage;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Searching;

/// <summary>The puts of a search: each goes to the eight closest nodes, permanent ones again before the values end there.</summary>
/// <remarks>docs/protocols/opendht-node.md, "Searches".</remarks>
internal sealed class Announcements(KademliaContext context, Search search) : IRequestOwner
{
    /// <summary>Writes before the search is synced, to nodes that may turn out not to be the closest.</summary>
    private const int EagerWrites = 12;

    /// <summary>A put that a node leaves unanswered so often is not tried there again.</summary>
    private const int MaxFailures = 2;

    // A value is put again so long before it ends.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    /// <summary>
    /// 60 s: a younger value is put without its time, and so counts as new. A node whose clock is ahead of ours by the
    /// value's life would take the time for the past, and not store it.
    /// </summary>
    private const int Young = 60;

    private static readonly ValueQuery IdAndSequence = new([ValueField.Id, ValueField.Sequence], []);

    private readonly List<Put> _puts = [];

    public bool HasWork => _puts.Count > 0;

    public void Add(PutOperation operation, Instant now)
    {
        // The same id with another content takes the place of the former put.
        foreach (Put former in _puts.Where(put => put.Operation.Value.Id == operation.Value.Id).ToArray())
        {
            End(former);
        }

        _puts.Add(new Put(operation, now + StoragePolicy.Lifetime(operation.Value.Type)));
        search.Wake(now);
    }

    public void Remove(PutOperation operation)
    {
        int index = _puts.FindIndex(put => put.Operation == operation);
        if (index < 0) return;
        foreach (Write write in _puts[index].Writes.Values) Cancel(write);
        _puts.RemoveAt(index);
    }

    /// <summary>Writes wherever it is time. The first <paramref name="lead"/> usable nodes are known to be the closest.</summary>
    public void Step(int lead, Instant now)
    {
        if (_puts.Count == 0) return;
        foreach (Put put in _puts.Where(put => !put.Operation.IsPermanent && put.Ends <= now).ToArray()) End(put);
        int known = search.Usable.Count();
        foreach (Put put in _puts)
        {
            int covered = 0;
            int place = -1;
            foreach (SearchNode node in search.Usable.ToArray())
            {
                place++;
                if (covered >= Search.TargetNodes) break;
                Write write = put.To(node.Node.Id);
                if (write.Request is not null || write.IsGood(put, now) || write.Failures >= MaxFailures)
                {
                    covered++;
                    continue;
                }

                if (node.Node.Token(now) is not { } token) continue;
                bool isNear = place < Search.TargetNodes && (node.HasAnswered(now) || known <= Search.TargetNodes);
                if (place >= lead && !put.Budget.TrySpend(isNear)) continue;
                Send(put, write, node, token, now);
                covered++;
            }

            put.Prune(now);
        }
    }

    /// <summary>When a permanent put is due again, or another has lost its purpose.</summary>
    public Instant? NextStep(Instant now)
    {
        Instant? due = null;
        foreach (Put put in _puts)
        {
            if (!put.Operation.IsPermanent)
            {
                due = Instant.Earliest(due, put.Ends);
                continue;
            }

            foreach (SearchNode node in search.Usable.Take(Search.TargetNodes))
            {
                if (put.Writes.TryGetValue(node.Node.Id, out Write? write) && write is { Request: null, Acknowledged: { } at })
                    due = Instant.Earliest(due, at + Period(put.Operation.Value));
            }
        }

        return due;
    }

    /// <summary>The search is synced: a put that all of the closest nodes have acknowledged is complete.</summary>
    public void Finish(List<SearchNode> closest)
    {
        for (int i = _puts.Count - 1; i >= 0; i--)
        {
            Put put = _puts[i];
            if (put.Operation.IsComplete || put.Operation.Acknowledged == 0) continue;
            if (!closest.TrueForAll(node => put.Writes.TryGetValue(node.Node.Id, out Write? write) && write.IsOver)) continue;
            put.Operation.IsComplete = true;
            context.Events.Add(new KademliaEvent(put.Operation, KademliaEventKind.Complete));
            if (put.Operation.IsPermanent) continue;
            Remove(put.Operation);
            put.Operation.IsFinished = true;
        }
    }

    public void OnUnreachable()
    {
        foreach (Put put in _puts) context.Events.Add(new KademliaEvent(put.Operation, KademliaEventKind.Unreachable));
    }

    public void Close()
    {
        foreach (Put put in _puts.ToArray()) Remove(put.Operation);
    }

    public void OnReply(PendingRequest request, RemoteNode node, KademliaMessage reply, Instant now)
    {
        (Put put, Write write, SearchNode target) = (Attempt)request.Subject!;
        write.Request = null;
        if (request.Kind == KademliaRequest.Get)
        {
            OnProbed(put, write, target, reply, now);
            return;
        }

        node.OnAuthenticated();
        if (request.Kind == KademliaRequest.Put && reply.ValueId == 0)
        {
            write.Failures = MaxFailures; // An answer that acknowledges nothing.
        }
        else
        {
            write.Failures = 0;
            if (write.Acknowledged is null)
            {
                put.Operation.Acknowledged++;
                if (put.Operation.FirstAcknowledged is null)
                {
                    put.Operation.FirstAcknowledged = now;
                    context.Events.Add(new KademliaEvent(put.Operation, KademliaEventKind.Begun));
                }
            }

            write.Acknowledged = now;
        }

        search.Wake(now);
    }

    public void OnError(PendingRequest request, ulong code, Instant now)
    {
        (Put put, Write write, SearchNode target) = (Attempt)request.Subject!;
        write.Request = null;
        if (code == KademliaError.WrongToken) target.OnRefused(now, context.Transactions);
        else if (target.Node.Token(now) is { } token) SendPut(put, write, target, token, now); // It has lost the value.
        search.Wake(now);
    }

    public void OnSlow(PendingRequest request, Instant now)
    {
    }

    public void OnExpired(PendingRequest request, Instant now)
    {
        Write write = ((Attempt)request.Subject!).Write;
        write.Request = null;
        write.Failures++;
        search.Wake(now);
    }

    private static TimeSpan Period(DhtValue value) => StoragePolicy.Lifetime(value.Type) - Margin;

    private void Send(Put put, Write write, SearchNode node, byte[] token, Instant now)
    {
        if (!put.Operation.IsPermanent || write.Acknowledged is null)
        {
            SendPut(put, write, node, token, now);
            return;
        }

        // The node had the value once; a probe is shorter than the value.
        write.Request = context.Transactions.Send(
            KademliaRequest.Get, node.Node, id => [context.Writer.Get(id, search.Key, IdAndSequence)], now, this, new Attempt(put, write, node));
    }

    private void SendPut(Put put, Write write, SearchNode node, byte[] token, Instant now)
    {
        PutOperation operation = put.Operation;
        long age = context.UnixTime(now) - operation.Created;
        ulong? created = !operation.IsPermanent && age >= Young ? (ulong)operation.Created : null;
        write.Request = context.Transactions.Send(
            KademliaRequest.Put,
            node.Node,
            id => context.Writer.Put(id, search.Key, [operation.Value], created, token),
            now,
            this,
            new Attempt(put, write, node));
    }

    private void OnProbed(Put put, Write write, SearchNode target, KademliaMessage reply, Instant now)
    {
        DhtValue value = put.Operation.Value;
        bool isThere = (reply.Fields ?? []).Any(fields => fields.Id == value.Id && fields.Sequence >= value.Sequence)
            || reply.Values.Any(other => other.Id == value.Id && other.Sequence >= value.Sequence);
        if (reply.Token.Length > 0) target.Node.KeepToken(reply.Token.ToArray(), now);
        if (target.Node.Token(now) is not { } token)
        {
            search.Wake(now);
        }
        else if (isThere)
        {
            write.Request = context.Transactions.Send(
                KademliaRequest.Refresh,
                target.Node,
                id => [context.Writer.Refresh(id, search.Key, value.Id, token)],
                now,
                this,
                new Attempt(put, write, target));
        }
        else
        {
            SendPut(put, write, target, token, now);
        }
    }

    private void End(Put put)
    {
        Remove(put.Operation);
        put.Operation.IsFinished = true;
        context.Events.Add(new KademliaEvent(put.Operation, KademliaEventKind.Ended));
    }

    private void Cancel(Write write)
    {
        if (write.Request is { } request) context.Transactions.Cancel(request);
        write.Request = null;
    }

    private sealed record Attempt(Put Put, Write Write, SearchNode Target);

    /// <summary>One put and its writes, by the id of the node.</summary>
    private sealed class Put(PutOperation operation, Instant ends)
    {
        public PutOperation Operation { get; } = operation;

        /// <summary>When nodes would no longer store the value, unless it is permanent.</summary>
        public Instant Ends { get; } = ends;

        public Dictionary<InfoHash, Write> Writes { get; } = [];

        public EagerBudget Budget { get; } = new(EagerWrites);

        public Write To(InfoHash node)
        {
            if (!Writes.TryGetValue(node, out Write? write)) Writes.Add(node, write = new Write());
            return write;
        }

        /// <summary>Forgets nodes that are out of reach for longer than the value lives there.</summary>
        public void Prune(Instant now)
        {
            if (Writes.Count <= 4 * Search.KeptNodes) return;
            foreach ((InfoHash node, Write write) in Writes.ToArray())
            {
                if (write.Request is null && !write.IsGood(this, now)) Writes.Remove(node);
            }
        }
    }

    /// <summary>One put at one node.</summary>
    private sealed class Write
    {
        public PendingRequest? Request { get; set; }

        public Instant? Acknowledged { get; set; }

        public int Failures { get; set; }

        public bool IsOver => Acknowledged is not null || Failures >= MaxFailures;

        /// <summary>The node has the value, for longer than until the next round.</summary>
        public bool IsGood(Put put, Instant now) =>
            Acknowledged is { } at && (!put.Operation.IsPermanent || now - at < Period(put.Operation.Value));
    }
}
