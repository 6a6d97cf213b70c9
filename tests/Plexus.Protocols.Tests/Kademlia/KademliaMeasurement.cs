using System.Text;
using Plexus.Protocols.Kademlia;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>Lets nodes of a network put, get and listen, and counts what it takes.</summary>
internal sealed class KademliaMeasurement(KademliaLab lab, List<LabNode> nodes)
{
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
        for (int i = 0; i < rounds; i++) Round(i);
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

    private void Round(int number)
    {
        Attempts++;
        InfoHash key = InfoHash.OfText($"key {number}");
        DhtValue value = new() { Id = (ulong)number + 1, Data = Encoding.ASCII.GetBytes($"value {number}") };
        LabNode listener = lab.PickReachable(nodes);
        LabNode putter = lab.PickReachable(nodes);
        LabNode getter = lab.PickReachable(nodes);

        long sent = OwnRequests(listener);
        Instant start = lab.Now;
        ListenOperation listen = listener.Listen(key);
        if (lab.RunUntil(() => listen.FirstRegistered is not null, TimeSpan.FromSeconds(10))) _registered.Add((lab.Now - start).TotalSeconds);
        lab.Run(TimeSpan.FromSeconds(19) - (lab.Now - start));
        _listenDatagrams.Add(OwnRequests(listener) - sent);

        sent = OwnRequests(putter);
        start = lab.Now;
        PutOperation put = putter.Put(key, value);
        if (lab.RunUntil(() => listener.Values(listen).Any(), TimeSpan.FromSeconds(20)))
        {
            Heard++;
            _pushed.Add((lab.Now - start).TotalSeconds);
        }

        if (lab.RunUntil(() => put.IsComplete, TimeSpan.FromSeconds(20))) _putComplete.Add((lab.Now - start).TotalSeconds);
        if (put.FirstAcknowledged is { } first) _firstAcknowledgement.Add((first - start).TotalSeconds);
        lab.Run(TimeSpan.FromSeconds(1));
        _putDatagrams.Add(OwnRequests(putter) - sent);

        sent = OwnRequests(getter);
        start = lab.Now;
        GetOperation get = getter.Get(key);
        if (lab.RunUntil(() => getter.Values(get).Any(), TimeSpan.FromSeconds(20)))
        {
            Got++;
            _firstValue.Add((lab.Now - start).TotalSeconds);
        }

        if (lab.RunUntil(() => get.IsFinished, TimeSpan.FromSeconds(20))) _getComplete.Add((lab.Now - start).TotalSeconds);
        _getDatagrams.Add(OwnRequests(getter) - sent);
        _hops.Add(getter.Node.Hops(key));
        listener.Cancel(listen);
        lab.Run(TimeSpan.FromSeconds(1));
    }

    // What maintenance sends meanwhile is counted too: some few datagrams.
    private static long OwnRequests(LabNode node) =>
        node.Node.Counters.Retransmissions
        + Enum.GetValues<KademliaRequest>().Where(kind => kind != KademliaRequest.Update).Sum(node.Node.Counters.Requests);
}
