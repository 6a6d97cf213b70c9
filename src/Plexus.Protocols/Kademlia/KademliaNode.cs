using System.Net;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Searching;
using Plexus.Protocols.Kademlia.Storage;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia;

/// <summary>A node of the OpenDHT network, in one address family, with no socket and no clock inside.</summary>
/// <remarks>
/// <para>The way of a datagram, docs/protocols/opendht-node.md: the <see cref="Intake"/> filters it and
/// joins its parts; then it answers one of our <see cref="Transactions"/>, or is a request for the
/// <see cref="RequestServer"/>. Whoever sent it may become one of our <see cref="Contacts"/>.</para>
/// <para>The way of an operation: one <see cref="Search"/> for each key finds the closest nodes; its
/// <see cref="Announcements"/> put values there and its <see cref="Registrations"/> listen there. Results wait in
/// <see cref="TryTakeEvent"/>.</para>
/// <para>Everything timed stands on one <see cref="Agenda"/>. Where this differs from OpenDHT, and why, is in
/// docs/decisions/0003-eager-dht.md. Left out: responsibility transfer, LAN discovery, publication of certificates.</para>
/// </remarks>
internal sealed class KademliaNode : IDatagramProtocol, IStoreWatcher, IDisposable
{
    // The values of our own permanent puts stay until they are cancelled.
    // With more nodes known than this the table covers every part of the network.
    private const int SmallNetwork = 32;

    private static readonly TimeSpan Forever = TimeSpan.FromDays(36500);

    // An answer this young proves that the connection works, whatever one search met.
    private static readonly TimeSpan RecentAnswer = TimeSpan.FromSeconds(20);

    private readonly KademliaOptions _options;
    private readonly KademliaContext _context;
    private readonly Agenda _agenda = new();
    private readonly NodeTable _nodes = new();
    private readonly Blacklist _blacklist = new();
    private readonly ReportedAddresses _reported = new();
    private readonly Intake _intake;
    private readonly Outbox _outbox;
    private readonly Transactions _transactions;
    private readonly EventQueue _events;
    private readonly SignatureChecks _signatures = new();
    private readonly Dictionary<InfoHash, Search> _searches = [];
    private readonly ValueStore _store;
    private readonly ListenerPushes _pushes;
    private readonly RoutingTable _routing;
    private readonly Contacts _contacts;
    private readonly BootstrapContacts _bootstrap;
    private readonly Maintenance _maintenance;
    private readonly TimedAction _tidy;

    /// <param name="fillWithRandom">A cryptographic source in service; a seeded one in tests.</param>
    /// <param name="now">The time of the start.</param>
    public KademliaNode(KademliaOptions options, Action<Span<byte>> fillWithRandom, Instant now)
    {
        _options = options;
        RandomSource random = new(fillWithRandom);
        KademliaWriter writer = new(options.Id, options.NetworkId, options.IsClient);
        WriteTokens tokens = new(fillWithRandom, now);
        _outbox = new Outbox(Counters);
        _events = new EventQueue(Counters);
        _transactions = new Transactions(_agenda, _nodes, _outbox, random, Counters);
        _context = new KademliaContext(options, random, _agenda, _nodes, _transactions, writer, _signatures, _events, Counters)
        {
            SearchFailed = OnSearchFailed,
            AnsweredWithoutToken = OnAnsweredWithoutToken,
        };
        _store = new ValueStore(options, _agenda, _nodes) { Watcher = this };
        _pushes = new ListenerPushes(_transactions, _outbox, writer, tokens);
        Server = new RequestServer(_context, _outbox, tokens, _store, new StoragePolicy(_signatures), _pushes);
        _routing = new RoutingTable(options.Id, _nodes, (node, at) => _contacts!.Ping(node, at));
        _maintenance = new Maintenance(_context, _routing, SearchFor);
        _contacts = new Contacts(_context, _routing, _blacklist, _searches) { Growing = _maintenance.Hurry };
        _intake = new Intake(_context, _blacklist, _contacts, _reported, Server);
        _bootstrap = new BootstrapContacts(_context, _searches, StatusAt);
        _tidy = new TimedAction(Tidy);
        _maintenance.Start(now);
        ScheduleTidying(now);
    }

    public KademliaCounters Counters { get; } = new();

    /// <summary>Seconds since 1970 at <see cref="Instant.Zero"/>. Set it before use; nothing else knows the date.</summary>
    public long UnixTimeAtStart
    {
        get => _context.UnixTimeAtStart;
        set => _context.UnixTimeAtStart = value;
    }

    /// <summary>The node of the other address family on this host, driven by the same thread: each finds nodes for both.</summary>
    public KademliaNode? Sibling
    {
        get => Server.Sibling;
        set
        {
            Server.Sibling = value;
            _intake.Sibling = value;
            _maintenance.Sibling = value;
        }
    }

    /// <summary>Our address as most nodes see it; null before the first answer. Informational: any of them may lie.</summary>
    public IPAddress? ReportedAddress => _reported.Best;

    /// <summary>Nodes in the routing table.</summary>
    public int RoutingTableSize => _routing.NodeCount;

    /// <summary>Everything this node keeps, for limits and tests.</summary>
    public (int Nodes, int Requests, int Searches, int Parts) Load => (_nodes.Count, _transactions.Count, _searches.Count, _intake.PartCount);

    /// <summary>What pushes to listeners keep until they are acknowledged, in bytes.</summary>
    public long PushBytes => _transactions.PushBytes;

    /// <summary>What this node keeps for others.</summary>
    public ValueStore Store => _store;

    public Instant? Deadline => _agenda.Deadline;

    internal RequestServer Server { get; }

    /// <summary>How many answers one after another the search for a key took.</summary>
    public int Hops(InfoHash key) => _searches.TryGetValue(key, out Search? search) ? search.Hops : 0;

    public KademliaStatus StatusAt(Instant now)
    {
        bool isUsable = false;
        foreach (Bucket bucket in _routing.Buckets)
        {
            foreach (RemoteNode node in bucket.Nodes)
            {
                if (node.IsGood(now)) return KademliaStatus.Connected;
                isUsable |= !node.IsExpired;
            }
        }

        return isUsable || _bootstrap.IsActive || _transactions.HasUnknown ? KademliaStatus.Connecting : KademliaStatus.Disconnected;
    }

    /// <summary>Names an endpoint to begin with. It is asked at once, and again while nobody answers.</summary>
    public void Bootstrap(IPEndPoint endPoint, Instant now)
    {
        if (_options.IsOurFamily(endPoint)) _bootstrap.Add(endPoint, now);
    }

    /// <summary>Inserts a node that was good in a former run, without asking it.</summary>
    public void Insert(NodeEntry entry, Instant now)
    {
        if (_options.IsOurFamily(entry.EndPoint) && _contacts.Accept(entry, now) is { } node) _contacts.Confirm(node, Confirmation.Told, now);
    }

    /// <summary>The good nodes, our neighbours first, to <see cref="Insert"/> at the next start.</summary>
    public IReadOnlyList<NodeEntry> GoodNodes(Instant now)
    {
        List<RemoteNode> found = [];
        _nodes.Closest(_options.Id, _nodes.Count, NodeFilter.Good, now, found);
        return found.ConvertAll(node => new NodeEntry(node.Id, node.EndPoint));
    }

    /// <summary>Gets the values under a key; with a query that selects, their fields.</summary>
    public GetOperation Get(InfoHash key, ValueQuery query, Instant now)
    {
        GetOperation get = new(key, query);
        Search search = SearchFor(key, now);
        search.Retrievals.Add(get, now);
        foreach ((DhtValue value, Instant until) in OwnValues(key, now)) search.Retrievals.Tell(get, value, _options.Id, until);
        return get;
    }

    /// <summary>Puts a value, here and at the closest nodes. Retry with the same bytes: nodes refuse others under its id.</summary>
    /// <param name="value">An id of 0 is replaced by a random one.</param>
    /// <param name="isPermanent">Keeps putting it until cancelled; otherwise it ends with its type's lifetime.</param>
    public PutOperation Put(InfoHash key, DhtValue value, bool isPermanent, Instant now)
    {
        while (value.Id == 0) value = value with { Id = _context.Random.UInt64() };
        PutOperation put = new(key, value, isPermanent, _context.UnixTime(now));
        SearchFor(key, now).Announcements.Add(put, now);
        _store.Store(key, value, now + (isPermanent ? Forever : StoragePolicy.Lifetime(value.Type)), putter: null, now);
        return put;
    }

    /// <summary>Listens for values under a key, those that exist and those that come.</summary>
    public ListenOperation Listen(InfoHash key, ValueQuery query, Instant now)
    {
        ListenOperation listen = new(key, query);
        Search search = SearchFor(key, now);
        search.Registrations.Add(listen, now);
        foreach ((DhtValue value, Instant until) in OwnValues(key, now)) search.Registrations.OnValue(value, _options.Id, until);
        return listen;
    }

    /// <summary>Ends an operation. Nothing is sent: what others hold for us ends by itself.</summary>
    public void Cancel(KademliaOperation operation, Instant now)
    {
        if (operation.IsFinished && operation is not PutOperation) return;
        operation.IsFinished = true;
        if (!_searches.TryGetValue(operation.Key, out Search? search)) return;
        switch (operation)
        {
            case GetOperation get:
                search.Retrievals.Remove(get);
                break;
            case ListenOperation listen:
                search.Registrations.Remove(listen, now);
                break;
            case PutOperation put:
                search.Announcements.Remove(put);
                if (_store.Find(put.Key)?.Find(put.Value.Id) is { Usage: null } own && own.Value.HasSameContent(put.Value)) _store.Remove(own, now);
                break;
        }
    }

    /// <summary>The network under us has changed: addresses, tokens and registrations are worth nothing, nodes have to prove themselves.</summary>
    public void ConnectivityChanged(Instant now)
    {
        for (int i = 0; i < _nodes.Count; i++) _nodes[i].OnConnectivityChanged();
        _reported.Clear();
        foreach (Search search in _searches.Values.ToArray())
        {
            search.OnConnectivityChanged(now);
            if (search.HasWork) _bootstrap.Ask(search, now);
        }

        _maintenance.OnConnectivityChanged(now);
        _bootstrap.Restart(now);
    }

    /// <summary>Takes the next result of an operation. Take all after each call of the node.</summary>
    public bool TryTakeEvent(out KademliaEvent happened) => _events.TryTake(out happened);

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        Counters.Received++;
        if (_intake.Take(datagram, Martians.Unmap(from), now) is { } reason) Counters.OnDropped(reason);
        _agenda.Run(now);
    }

    public void OnDeadline(Instant now) => _agenda.Run(now);

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        // A call such as Put makes a step due at once; without this its datagrams would wait for the next deadline.
        if (_outbox.IsEmpty && _agenda.Deadline <= now) _agenda.Run(now);
        return _outbox.TryTake(buffer, out transmit);
    }

    /// <summary>Frees the keys that signatures were checked with.</summary>
    public void Dispose() => _signatures.Dispose();

    void IStoreWatcher.OnStored(StoredKey key, DhtValue value, Instant now)
    {
        _pushes.Stored(key, value, now);
        if (!_searches.TryGetValue(key.Key, out Search? search) || !search.Registrations.HasWork) return;
        if (value.IsSigned && !_signatures.IsValid(value, key.Find(value.Id)?.Usage?.Address, now)) return;
        search.Registrations.OnValue(value, _options.Id, now + StoragePolicy.Lifetime(value.Type));
    }

    void IStoreWatcher.OnRefreshed(StoredKey key, ulong id, Instant now) => _pushes.Refreshed(key, id, now);

    void IStoreWatcher.OnRemoved(StoredKey key, ulong id, Instant now)
    {
        _pushes.Removed(key, id, now);
        if (_searches.TryGetValue(key.Key, out Search? search)) search.Registrations.OnEnded(id, _options.Id);
    }

    /// <summary>Whether the routing table is thin around an id; the other family's node asks for our nodes then.</summary>
    internal bool NeedsNodesNear(InfoHash target) => _routing.Buckets[_routing.IndexOf(target)].Nodes.Count < Bucket.Capacity;

    private Search SearchFor(InfoHash key, Instant now)
    {
        if (_searches.TryGetValue(key, out Search? search)) return search;
        if (_searches.Count >= _options.MaxSearches)
        {
            Search idle = _searches.Values.FirstOrDefault(other => !other.HasWork) ?? throw new InvalidOperationException("Too many operations.");
            Close(idle);
        }

        search = new Search(_context, key, now);
        _searches.Add(key, search);
        if (key == _options.Id) return search;
        if (search.Nodes.Count == 0) _bootstrap.Ask(search, now);
        else if (_nodes.Count < SmallNetwork) _bootstrap.AskBesides(search, now);
        return search;
    }

    private IEnumerable<(DhtValue Value, Instant Until)> OwnValues(InfoHash key, Instant now) =>
        (_store.Find(key)?.Values ?? [])
            .Where(stored => !stored.Value.IsSigned || _signatures.IsValid(stored.Value, stored.Usage?.Address, now))
            .Select(stored => (stored.Value, stored.Expires));

    private void OnSearchFailed(Instant now)
    {
        if (_contacts.LastAnswer is { } answer && now - answer < RecentAnswer) return; // A dead region, not a dead line.
        for (int i = 0; i < _nodes.Count; i++) _nodes[i].OnConnectivityChanged();
        _reported.Clear();
        _maintenance.Hurry(now);
        _bootstrap.Restart(now);
    }

    private void OnAnsweredWithoutToken(RemoteNode node, Instant now)
    {
        _blacklist.Add(node.EndPoint, now);
        _transactions.Expire(node, now);
    }

    private void ScheduleTidying(Instant now) =>
        _agenda.Set(_tidy, now + _context.Random.Between(TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(6)));

    private void Tidy(Instant now)
    {
        _routing.RemoveExpired(now);
        foreach (Search search in _searches.Values.Where(search => !search.IsKept(now)).ToArray()) Close(search);
        if (StatusAt(now) != KademliaStatus.Connected) _bootstrap.Restart(now);
        ScheduleTidying(now);
    }

    private void Close(Search search)
    {
        search.Close();
        _searches.Remove(search.Key);
    }
}
