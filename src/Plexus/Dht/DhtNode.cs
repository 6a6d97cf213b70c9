using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Protocols;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>A node of the OpenDHT network: one core for each address family, on a socket of its own.</summary>
/// <remarks>
/// Everything works in both families at once, and a result that both have found is told once. Callbacks are called in the
/// node's lock: they must return at once.
/// </remarks>
internal sealed class DhtNode : IAsyncDisposable
{
    private static readonly TimeSpan BootstrapsOwnTime = TimeSpan.FromSeconds(1);

    private readonly DhtNodeOptions _options;
    private readonly TimeProvider _clock;
    private readonly DhtStateFile? _stateFile;
    private readonly IReadOnlyList<DhtFamily> _families;
    private readonly DhtBootstrap _bootstrap;
    private readonly CancellationTokenSource _stop = new();
    private readonly InfoHash _savedId;
    private readonly List<Task> _running = [];
    private readonly IReadOnlyList<NodeEntry> _known;
    private bool _isDisposed;

    private DhtNode(
        DhtNodeOptions options, IReadOnlyList<IDatagramSocket> sockets, IDatagramNetwork network, TimeProvider clock, ILogger logger)
    {
        (_options, _clock) = (options, clock);
        _stateFile = options.StateFile is { Length: > 0 } path ? new DhtStateFile(path, logger) : null;
        DhtState state = _stateFile?.Read() ?? DhtState.Empty;
        NatGuess guess = new(network, options.Bootstrap);
        _savedId = state.Id ?? InfoHash.Random(options.FillWithRandom);
        // Others remember who is a client by the id: a client takes one for this run only.
        bool isAnyClient = sockets.Any(socket => IsClient(socket.LocalEndPoint.AddressFamily, guess));
        Id = isAnyClient ? InfoHash.Random(options.FillWithRandom) : _savedId;
        Lock gate = new();
        long start = clock.GetTimestamp();
        _families = [.. sockets.Select(socket => MakeFamily(socket, guess, gate, start, logger))];
        if (_families.Count == 2) Join(_families[0], _families[1]);
        _bootstrap = new DhtBootstrap(this, _families, options, network, clock, logger);
        _known = state.Nodes;
    }

    /// <summary>The node's id, the same in both families.</summary>
    public InfoHash Id { get; }

    /// <summary>Where it listens, IPv4 first.</summary>
    public IReadOnlyList<IPEndPoint> LocalEndPoints => [.. _families.Select(static family => family.LocalEndPoint)];

    /// <summary>The better of both families' states.</summary>
    public DhtStatus Status
    {
        get
        {
            DhtStatus best = _families.Max(StatusOf);
            return best == DhtStatus.Disconnected && IsResolving ? DhtStatus.Connecting : best;
        }
    }

    /// <summary>The first round of looking up the bootstrap hosts' names is under way.</summary>
    internal bool IsResolving => _bootstrap.IsResolving;

    /// <summary>Starts a node. Its first datagrams are sent at once; whether anybody answers is told by <see cref="Status"/>.</summary>
    /// <exception cref="PlexusException">No socket could be bound.</exception>
    public static Task<DhtNode> StartAsync(
        DhtNodeOptions options, IDatagramNetwork network, TimeProvider clock, ILoggerFactory? loggerFactory = null)
    {
        ILogger logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<DhtNode>();
        try
        {
            DhtNode node = new(options, DhtSockets.Open(options, network, logger), network, clock, logger);
            node.Run();
            return Task.FromResult(node);
        }
        catch (PlexusException e)
        {
            return Task.FromException<DhtNode>(e);
        }
    }

    /// <summary>Puts a value to the nodes closest to a key. To try again, put the same value: nodes refuse another under its id.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; an id of 0 is replaced by a random one.</param>
    /// <param name="isPermanent">Whether it is put again and again until the handle is disposed.</param>
    public DhtPut Put(InfoHash key, DhtValue value, bool isPermanent = false)
    {
        while (value.Id == 0) value = value with { Id = RandomId() }; // The same in both families.
        return Begin(new DhtPut(value, _clock), (node, now) => node.Put(key, value, isPermanent, now));
    }

    /// <summary>Listens for the values under a key, those that exist and those that come. Signatures of signed ones are right.</summary>
    /// <param name="key">The key.</param>
    /// <param name="onValue">
    /// Called for each value, in the node's lock: it must return at once. Once, but for those that are more than there is room
    /// to remember.
    /// </param>
    /// <param name="onExpired">Called when no node has the value any more.</param>
    /// <param name="query">Which values; null means all.</param>
    public DhtListen Listen(InfoHash key, Action<DhtValue> onValue, Action<DhtValue>? onExpired = null, ValueQuery? query = null) =>
        Begin(new DhtListen(onValue, onExpired, _clock), (node, now) => node.Listen(key, query ?? ValueQuery.Everything, now));

    /// <summary>Gets the values under a key. Signatures of signed ones are right.</summary>
    /// <param name="key">The key.</param>
    /// <param name="limit">How long to wait for nodes that do not answer.</param>
    /// <param name="onValue">Called for each value as it comes, in the node's lock: it must return at once.</param>
    /// <param name="query">Which values; null means all.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="PlexusException">No node answered.</exception>
    public async Task<IReadOnlyList<DhtValue>> GetAsync(
        InfoHash key, TimeSpan limit, Action<DhtValue>? onValue = null, ValueQuery? query = null, CancellationToken cancellationToken = default)
    {
        using DhtGet get = Begin(new DhtGet(this, onValue, _clock), (node, now) => node.Get(key, query ?? ValueQuery.Everything, now));
        return await get.WaitAsync(limit, cancellationToken);
    }

    /// <summary>Finds the nodes closest to a key before they are needed, so that a put or listen there begins with one round trip.</summary>
    public DhtApproach Approach(InfoHash key) => Begin(new DhtApproach(_clock), (node, now) => node.Get(key, DhtApproach.Ids, now));

    /// <summary>What the node knows and has done, for people.</summary>
    public IReadOnlyList<DhtFamilyReport> Report() => [.. _families.Select(static family => family.Query((node, now) => new DhtFamilyReport(
        family.LocalEndPoint,
        family.IsClient,
        StatusOf(node.StatusAt(now)),
        node.RoutingTableSize,
        node.GoodNodes(now).Count,
        node.ReportedAddress,
        node.Store.KeyCount,
        node.Store.ValueCount,
        node.Counters.Received,
        node.Counters.Sent)))];

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        Save();
        Stop();
        foreach (Task running in _running) await running;
        foreach (DhtFamily family in _families) await family.DisposeAsync();
        _stateFile?.Dispose();
        _stop.Dispose();
    }

    /// <summary>One family's state.</summary>
    internal DhtStatus StatusOf(DhtFamily family) => family.Query(static (node, now) => StatusOf(node.StatusAt(now)));

    /// <summary>Keeps id and good nodes for the next run; without good nodes what was kept stays.</summary>
    internal void Save()
    {
        if (_stateFile is null) return;
        // Both families get their share, however many nodes the other one knows.
        NodeEntry[] nodes = [.. _families.SelectMany(family =>
            family.Query(static (node, now) => node.GoodNodes(now)).Take(DhtState.MostNodes / _families.Count))];
        if (nodes.Length > 0) _stateFile.Write(new DhtState(_savedId, nodes));
    }

    private static DhtStatus StatusOf(KademliaStatus status) => status switch
    {
        KademliaStatus.Connected => DhtStatus.Connected,
        KademliaStatus.Connecting => DhtStatus.Connecting,
        _ => DhtStatus.Disconnected,
    };

    private static void Join(DhtFamily first, DhtFamily second)
    {
        (first.Sibling, second.Sibling) = (second, first);
        first.Node.Sibling = second.Node;
        second.Node.Sibling = first.Node;
    }

    private bool IsClient(AddressFamily family, NatGuess guess) =>
        _options.IsClient || (_options.IsClientBehindNat && guess.IsBehindNat(family));

    private DhtFamily MakeFamily(IDatagramSocket socket, NatGuess guess, Lock gate, long start, ILogger logger)
    {
        AddressFamily family = socket.LocalEndPoint.AddressFamily;
        bool isClient = IsClient(family, guess);
        KademliaOptions core = new()
        {
            Id = Id, IsV6 = family == AddressFamily.InterNetworkV6, NetworkId = _options.Network, IsClient = isClient,
        };
        DhtLog.Started(logger, Id, socket.LocalEndPoint, isClient ? ", as a client" : "");
        return new DhtFamily(socket, core, gate, _options.FillWithRandom, _clock, start, logger)
        {
            LocalAddress = guess.LocalAddress(family),
        };
    }

    private void Run()
    {
        foreach (DhtFamily family in _families) _running.Add(family.RunAsync(_stop.Token));
        _running.Add(_bootstrap.RunAsync(_stop.Token));
        _running.Add(RecallAsync());
    }

    /// <summary>Turns to the nodes of an earlier run when the bootstrap hosts do not answer.</summary>
    /// <remarks>Not before: nodes of another day may all be gone, and each of them costs a search its time-out.</remarks>
    private async Task RecallAsync()
    {
        try
        {
            if (_options.Bootstrap.Count > 0) await Task.Delay(BootstrapsOwnTime, _clock, _stop.Token);
            if (Status == DhtStatus.Connected) return;
            foreach (NodeEntry entry in _known) TellAll((node, now) => node.Insert(entry, now));
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }

    private void Stop() => _stop.Cancel(); // CancelAsync would leave the context for the thread pool.

    private T Begin<T>(T operation, Func<KademliaNode, Instant, KademliaOperation> begin)
        where T : DhtOperation
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        operation.Begin(_families, begin);
        return operation;
    }

    private void TellAll(Action<KademliaNode, Instant> command)
    {
        foreach (DhtFamily family in _families)
        {
            family.Command((node, now) =>
            {
                command(node, now);
                return 0;
            });
        }
    }

    private ulong RandomId()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        _options.FillWithRandom(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
