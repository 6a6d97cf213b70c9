using System.Text;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>Lets nodes of a network put, get and listen, and counts what it takes.</summary>
internal sealed class KademliaMeasurement(KademliaLab lab, List<LabNode> nodes)
{
    // Few enough that they hardly meet, so that each is as alone.
    private const int AtOnce = 50;

    private readonly List<double> _firstAcknowledgement = [];
    private readonly List<double> _putComplete = [];
    private readonly List<double> _registered = [];
    private readonly List<double> _pushed = [];
    private readonly List<double> _firstValue = [];
    private readonly List<double> _getComplete = [];
    private readonly List<double> _putDatagrams = [];
    private readonly List<double> _getDatagrams = [];
    private readonly List<double> _listenDatagrams = [];
    private readonly List<double> _hops = [];

    public int Attempts { get; private set; }

    /// <summary>Values that a get of another node found.</summary>
    public int Got { get; private set; }

    /// <summary>Values that another node, which listened, was told of.</summary>
    public int Heard { get; private set; }

    public double MeanPutDatagrams => _putDatagrams.Average();

    public double MeanGetDatagrams => _getDatagrams.Average();

    public double MeanListenDatagrams => _listenDatagrams.Average();

    public double MeanHops => _hops.Average();

    /// <summary>Half of the share dies, half falls silent, all at once.</summary>
    public void Strike(double share)
    {
        int count = (int)(nodes.Count * share);
        for (int i = 0; i < count; i++)
        {
            LabNode victim = lab.PickReachable(nodes);
            if (i % 2 == 0) lab.Kill(victim);
            victim.IsSilent = true;
        }
    }

    public void Run(int rounds)
    {
        for (int i = 0; i < rounds; i += AtOnce) Batch(i, Math.Min(AtOnce, rounds - i));
    }

    public override string ToString() => new StringBuilder()
        .AppendLine($"of {Attempts} values {Heard} heard by a listener, {Got} found by a get, {MeanHops:0.0} hops")
        .AppendLine("                                mean    median     99 %")
        .AppendLine(Row("put, first acknowledgement  s", _firstAcknowledgement))
        .AppendLine(Row("put, complete               s", _putComplete))
        .AppendLine(Row("listen, first registration  s", _registered))
        .AppendLine(Row("put to push                 s", _pushed))
        .AppendLine(Row("get, first value            s", _firstValue))
        .AppendLine(Row("get, complete               s", _getComplete))
        .AppendLine(Row("put, datagrams               ", _putDatagrams))
        .AppendLine(Row("get, datagrams               ", _getDatagrams))
        .Append(Row("listen in 20 s, datagrams    ", _listenDatagrams))
        .ToString();

    private static string Row(string name, List<double> samples)
    {
        List<double> sorted = [.. samples.Order()];
        return sorted.Count == 0 ? name
            : $"{name} {sorted.Average(),9:0.00} {sorted[sorted.Count / 2],9:0.00} {sorted[(int)(sorted.Count * 0.99)],9:0.00}";
    }

    /// <summary>Some values at a time, each with a listener, a putter and a getter of its own.</summary>
    private void Batch(int first, int count)
    {
        Attempts += count;
        HashSet<LabNode> taken = [];
        LabNode[] listeners = [.. Enumerable.Range(0, count).Select(_ => Pick(taken))];
        LabNode[] putters = [.. Enumerable.Range(0, count).Select(_ => Pick(taken))];
        LabNode[] getters = [.. Enumerable.Range(0, count).Select(_ => Pick(taken))];
        InfoHash[] keys = [.. Enumerable.Range(first, count).Select(i => InfoHash.OfText($"key {i}"))];

        long[] sent = Array.ConvertAll(listeners, OwnRequests);
        Instant start = lab.Now;
        ListenOperation[] listens = [.. listeners.Select((node, i) => node.Listen(keys[i]))];
        lab.Run(TimeSpan.FromSeconds(19));
        for (int i = 0; i < count; i++)
        {
            Note(_registered, start, listens[i].FirstRegistered);
            _listenDatagrams.Add(OwnRequests(listeners[i]) - sent[i]);
        }

        sent = Array.ConvertAll(putters, OwnRequests);
        start = lab.Now;
        PutOperation[] puts = [.. putters.Select((node, i) => node.Put(keys[i], Value(first + i)))];
        lab.Run(TimeSpan.FromSeconds(10));
        for (int i = 0; i < count; i++)
        {
            Note(_firstAcknowledgement, start, puts[i].FirstAcknowledged);
            Note(_putComplete, start, putters[i].TimeOf(puts[i], KademliaEventKind.Complete));
            if (Note(_pushed, start, listeners[i].TimeOf(listens[i], KademliaEventKind.Value))) Heard++;
            _putDatagrams.Add(OwnRequests(putters[i]) - sent[i]);
        }

        sent = Array.ConvertAll(getters, OwnRequests);
        start = lab.Now;
        GetOperation[] gets = [.. getters.Select((node, i) => node.Get(keys[i]))];
        lab.Run(TimeSpan.FromSeconds(10));
        for (int i = 0; i < count; i++)
        {
            if (Note(_firstValue, start, getters[i].TimeOf(gets[i], KademliaEventKind.Value))) Got++;
            Note(_getComplete, start, getters[i].TimeOf(gets[i], KademliaEventKind.Complete));
            _getDatagrams.Add(OwnRequests(getters[i]) - sent[i]);
            _hops.Add(getters[i].Node.Hops(keys[i]));
            listeners[i].Cancel(listens[i]);
        }
    }

    private static bool Note(List<double> samples, Instant start, Instant? end)
    {
        if (end is { } at) samples.Add((at - start).TotalSeconds);
        return end is not null;
    }

    private static DhtValue Value(int number) => new() { Id = (ulong)number + 1, Data = Encoding.ASCII.GetBytes($"value {number}") };

    private LabNode Pick(HashSet<LabNode> taken)
    {
        while (true)
        {
            LabNode node = lab.PickReachable(nodes);
            if (taken.Add(node)) return node;
        }
    }

    // What maintenance sends meanwhile is counted too: some few datagrams.
    private static long OwnRequests(LabNode node) =>
        node.Node.Counters.Retransmissions
        + Enum.GetValues<KademliaRequest>().Where(kind => kind != KademliaRequest.Update).Sum(node.Node.Counters.Requests);
}
