using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Storage;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Searching;

/// <summary>The listens of a search: one registration at each of the four closest nodes serves them all.</summary>
/// <remarks>docs/protocols/opendht-node.md, "Searches".</remarks>
internal sealed class Registrations(KademliaContext context, Search search) : IRequestOwner
{
    /// <summary>Nodes listened to.</summary>
    private const int ListenNodes = 4;

    /// <summary>Registrations before the search is synced, which may have to move to closer nodes.</summary>
    private const int EagerWrites = 8;

    /// <summary>Registrations are kept so long after the last listen was cancelled.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(60);

    private readonly List<ListenOperation> _listens = [];
    private readonly List<ListenSocket> _sockets = [];
    private CollectedValues _values = new();
    private EagerBudget _budget = new(EagerWrites);
    private Instant? _lastListen;

    public bool HasWork => _listens.Count > 0 || _lastListen is not null;

    /// <summary>Nobody has taken a registration yet: asking for values finds those that exist a round trip earlier.</summary>
    public bool WantsValues => _listens.Exists(listen => listen.FirstRegistered is null);

    /// <summary>What all listens together want.</summary>
    public ValueQuery Query { get; private set; } = ValueQuery.Everything;

    public void Add(ListenOperation listen, Instant now)
    {
        bool isFirst = !HasWork;
        _listens.Add(listen);
        _lastListen = null;
        ValueQuery wanted = _listens.TrueForAll(other => other.Query.IsCoveredBy(listen.Query)) ? new ValueQuery([], listen.Query.Where)
            : listen.Query.IsCoveredBy(Query) ? Query
            : ValueQuery.Everything;
        if (isFirst)
        {
            _values = new CollectedValues();
            _budget = new EagerBudget(EagerWrites);
        }
        else
        {
            foreach (DhtValue value in _values.Values)
            {
                if (listen.Query.Matches(value)) context.Events.Add(new KademliaEvent(listen, KademliaEventKind.Value, value));
            }

            // Values that did not match so far come only with new registrations.
            if (!wanted.IsCoveredBy(Query)) Renew();
            if (_sockets.Exists(socket => socket.Acknowledged is not null)) OnRegistered(now);
        }

        Query = wanted;
        search.Wake(now);
    }

    public void Remove(ListenOperation listen, Instant now)
    {
        if (_listens.Remove(listen) && _listens.Count == 0) _lastListen = now;
        search.Wake(now);
    }

    /// <summary>Registers and renews wherever it is time. The first <paramref name="lead"/> usable nodes are known to be the closest.</summary>
    public void Step(int lead, Instant now)
    {
        foreach (DhtValue ended in _values.End(now)) Tell(KademliaEventKind.Expired, ended);
        if (_lastListen is { } last && now - last >= Linger) Close();
        if (!HasWork) return;
        int known = search.Usable.Count();
        int covered = 0;
        int place = -1;
        foreach (SearchNode node in search.Usable.ToArray())
        {
            place++;
            if (covered >= ListenNodes) break;
            if (node.Socket is { Request: not null } || (node.Socket?.Acknowledged is { } at && now - at < context.Options.ListenRenewal))
            {
                covered++;
                continue;
            }

            if (node.Node.Token(now) is not { } token) continue;
            bool isNear = place < Search.TargetNodes && (node.HasAnswered(now) || known <= Search.TargetNodes);
            if (node.Socket is null && place >= lead && !_budget.TrySpend(isNear)) continue;
            Send(node, token, now);
            covered++;
        }

        _sockets.RemoveAll(socket => socket.IsLapsed(now) && context.Transactions.Sockets.Remove(socket.Id));
    }

    /// <summary>When a registration is due again, a value ends, or the last cancelled listen is forgotten.</summary>
    public Instant? NextStep(Instant now)
    {
        if (!HasWork) return null;
        Instant? due = Instant.Earliest(_values.NextEnd, _lastListen + Linger);
        int covered = 0;
        foreach (SearchNode node in search.Usable)
        {
            if (node.Socket is null) continue;
            if (covered++ == ListenNodes) break;
            if (node.Socket is { Request: null, Acknowledged: { } at } && node.Node.Token(now) is not null)
                due = Instant.Earliest(due, at + context.Options.ListenRenewal);
        }

        return due;
    }

    public bool Wants(DhtValue value) => _listens.Exists(listen => listen.Query.Matches(value));

    /// <summary>A value was found, pushed, or put by ourselves.</summary>
    public void OnValue(DhtValue value, InfoHash source, Instant until)
    {
        // Rather twice than never: whoever fills the room with junk must not hide what comes after it.
        if (Wants(value) && _values.Note(value, source, until) != Novelty.Known) Tell(KademliaEventKind.Value, value);
    }

    /// <summary>A node has pushed something.</summary>
    public void OnPush(KademliaMessage push, RemoteNode from, Instant now)
    {
        if (push.Token.Length is > 0 and <= 64) from.KeepToken(push.Token.ToArray(), now);
        search.Deliver(push, from, now);
        foreach (ulong id in push.Refreshed) _values.Refresh(id, from.Id, value => now + StoragePolicy.Lifetime(value.Type));
        foreach (ulong id in push.Expired) OnEnded(id, from.Id);
    }

    /// <summary>A node's copies of a value have ended.</summary>
    public void OnEnded(ulong id, InfoHash source)
    {
        foreach (DhtValue ended in _values.End(id, source)) Tell(KademliaEventKind.Expired, ended);
    }

    /// <summary>Registers anew under new numbers, which brings all values again. The old ones stay good for pushes.</summary>
    public void Renew()
    {
        _budget = new EagerBudget(EagerWrites);
        foreach (SearchNode node in search.Nodes)
        {
            if (node.Socket is { Request: { } request } socket)
            {
                context.Transactions.Cancel(request);
                socket.Request = null;
            }

            node.Socket = null;
        }
    }

    public void OnUnreachable()
    {
        foreach (ListenOperation listen in _listens) context.Events.Add(new KademliaEvent(listen, KademliaEventKind.Unreachable));
    }

    public void Close()
    {
        Renew();
        foreach (ListenSocket socket in _sockets) context.Transactions.Sockets.Remove(socket.Id);
        _sockets.Clear();
        _lastListen = null;
    }

    public void OnReply(PendingRequest request, RemoteNode node, KademliaMessage reply, Instant now)
    {
        (SearchNode _, ListenSocket socket) = (Attempt)request.Subject!;
        socket.Request = null;
        socket.Acknowledged = now;
        node.OnAuthenticated();
        if (reply.Token.Length is > 0 and <= 64) node.KeepToken(reply.Token.ToArray(), now);
        OnRegistered(now);
        search.Wake(now);
    }

    public void OnError(PendingRequest request, ulong code, Instant now)
    {
        (SearchNode target, ListenSocket socket) = (Attempt)request.Subject!;
        Drop(target, socket);
        target.OnRefused(now, context.Transactions);
        search.Wake(now);
    }

    public void OnSlow(PendingRequest request, Instant now)
    {
    }

    public void OnExpired(PendingRequest request, Instant now)
    {
        (SearchNode target, ListenSocket socket) = (Attempt)request.Subject!;
        Drop(target, socket);
        search.Wake(now);
    }

    private void Send(SearchNode node, byte[] token, Instant now)
    {
        if (node.Socket is not { } socket)
        {
            socket = new ListenSocket(context.Transactions.NextId(), search, node.Node, now);
            context.Transactions.Sockets.Add(socket.Id, socket);
            _sockets.Add(socket);
            node.Socket = socket;
        }

        socket.Request = context.Transactions.Send(
            KademliaRequest.Listen,
            node.Node,
            id => [context.Writer.Listen(id, search.Key, socket.Id, token, Query)],
            now,
            this,
            new Attempt(node, socket));
    }

    private void Drop(SearchNode target, ListenSocket socket)
    {
        socket.Request = null;
        if (target.Socket == socket) target.Socket = null;
        _sockets.Remove(socket);
        context.Transactions.Sockets.Remove(socket.Id);
    }

    private void OnRegistered(Instant now)
    {
        foreach (ListenOperation listen in _listens)
        {
            if (listen.FirstRegistered is not null) continue;
            listen.FirstRegistered = now;
            context.Events.Add(new KademliaEvent(listen, KademliaEventKind.Begun));
        }
    }

    private void Tell(KademliaEventKind kind, DhtValue value)
    {
        foreach (ListenOperation listen in _listens)
        {
            if (listen.Query.Matches(value)) context.Events.Add(new KademliaEvent(listen, kind, value));
        }
    }

    private sealed record Attempt(SearchNode Target, ListenSocket Socket);
}
