using System.Net;
using Plexus.Protocols.Kademlia;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>A network of Kademlia nodes in memory, on a clock of its own: latency, loss, nodes that died, nodes behind NATs.</summary>
internal sealed class KademliaLab(int seed = 1, double loss = 0)
{
    /// <summary>2026-01-01, so that times of creation look like themselves.</summary>
    public const long UnixTimeAtStart = 1_767_225_600;

    private readonly PriorityQueue<Happening, (Instant At, long Order)> _events = new();
    private readonly Dictionary<IPEndPoint, LabHost> _hosts = [];
    private readonly byte[] _buffer = new byte[2048];
    private long _order;
    private int _lastAddress;

    public Instant Now { get; private set; }

    public Random Random { get; } = new(seed);

    /// <summary>The least and the greatest latency that a host adds to each datagram, one way.</summary>
    public (int Shortest, int Longest) LatencyMilliseconds { get; init; } = (5, 45);

    /// <summary>Datagrams that any host sent.</summary>
    public long Datagrams { get; private set; }

    /// <summary>Every datagram with its time, if a test wants to look.</summary>
    public List<LabDatagram>? Trace { get; init; }

    public IReadOnlyCollection<LabHost> Hosts => _hosts.Values;

    /// <summary>A node at an address of its own.</summary>
    public LabNode AddNode(Func<KademliaOptions, KademliaOptions>? change = null, bool isBehindNat = false)
    {
        KademliaOptions options = new() { Id = InfoHash.Random(Random.NextBytes) };
        options = change?.Invoke(options) ?? options;
        KademliaNode node = new(options, Random.NextBytes, Now) { UnixTimeAtStart = UnixTimeAtStart };
        LabNode host = new(this, NextEndPoint(), Latency(), isBehindNat, node, options);
        _hosts.Add(host.EndPoint, host);
        host.Pump();
        return host;
    }

    /// <summary>A peer that does what its test says.</summary>
    public ScriptedPeer AddPeer(IPEndPoint? endPoint = null)
    {
        ScriptedPeer peer = new(this, endPoint ?? NextEndPoint(), Latency());
        _hosts.Add(peer.EndPoint, peer);
        return peer;
    }

    /// <summary>Lets a network come into being: each node joins by one that is there already, then all settle. Some are behind NATs.</summary>
    public List<LabNode> Grow(int count, TimeSpan settle, double shareBehindNat = 0)
    {
        List<LabNode> nodes = [];
        for (int i = 0; i < count; i++)
        {
            LabNode node = AddNode(isBehindNat: i > 0 && Random.NextDouble() < shareBehindNat);
            if (nodes.Count > 0) node.Bootstrap(PickReachable(nodes).EndPoint);
            nodes.Add(node);
            Run(TimeSpan.FromMilliseconds(Math.Max(1, 100_000 / count))); // The whole crowd comes within 100 s.
        }

        Run(settle);
        return nodes;
    }

    public LabNode PickReachable(List<LabNode> nodes)
    {
        while (true)
        {
            LabNode node = nodes[Random.Next(nodes.Count)];
            if (!node.IsBehindNat && !node.IsSilent && _hosts.ContainsKey(node.EndPoint)) return node;
        }
    }

    /// <summary>The host is gone, as if its cable were pulled.</summary>
    public void Kill(LabHost host) => _hosts.Remove(host.EndPoint);

    public void Run(TimeSpan time) => RunUntil(() => false, time);

    /// <summary>Runs until something is true, or the time is over. Answers whether it became true.</summary>
    public bool RunUntil(Func<bool> isTrue, TimeSpan limit)
    {
        Instant end = Now + limit;
        while (!isTrue())
        {
            if (!_events.TryPeek(out _, out (Instant At, long Order) next) || next.At > end)
            {
                Now = end;
                return isTrue();
            }

            Happening happening = _events.Dequeue();
            Now = next.At;
            if (happening.Datagram is null) ((LabNode)happening.Host!).OnTimer(Now);
            else if (_hosts.TryGetValue(happening.To!, out LabHost? host)) host.Receive(happening.Datagram, happening.From!, Now);
        }

        return true;
    }

    public void Send(LabHost from, IPEndPoint to, ReadOnlySpan<byte> datagram)
    {
        Datagrams++;
        from.Contacted.Add(to);
        Trace?.Add(new LabDatagram(Now, from.EndPoint, to, datagram.ToArray()));
        if (loss > 0 && Random.NextDouble() < loss) return;
        if (!_hosts.TryGetValue(to, out LabHost? host)) return;
        if (host.IsBehindNat && !host.Contacted.Contains(from.EndPoint)) return;
        Schedule(new Happening(datagram.ToArray(), from.EndPoint, to, null), Now + from.Latency + host.Latency);
    }

    public void WakeAt(LabNode node, Instant at) => Schedule(new Happening(null, null, null, node), at);

    public void Drain(LabNode node)
    {
        while (node.Node.TryTransmit(_buffer, Now, out Transmit transmit)) Send(node, transmit.To, _buffer.AsSpan(0, transmit.Length));
    }

    private void Schedule(Happening happening, Instant at) => _events.Enqueue(happening, (at, _order++));

    private TimeSpan Latency() => TimeSpan.FromMilliseconds(Random.Next(LatencyMilliseconds.Shortest, LatencyMilliseconds.Longest + 1));

    private IPEndPoint NextEndPoint()
    {
        int number = ++_lastAddress;
        return new IPEndPoint(new IPAddress([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]), 4222);
    }

    private readonly record struct Happening(byte[]? Datagram, IPEndPoint? From, IPEndPoint? To, LabHost? Host);
}
