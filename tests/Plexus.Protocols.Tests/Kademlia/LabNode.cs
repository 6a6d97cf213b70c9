using System.Net;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>A <see cref="KademliaNode"/> in the laboratory, with the results that it gave.</summary>
internal sealed class LabNode(
    KademliaLab lab, IPEndPoint endPoint, TimeSpan latency, bool isBehindNat, KademliaNode node, KademliaOptions options)
    : LabHost(endPoint, latency, isBehindNat)
{
    private Instant? _wake;

    public KademliaNode Node { get; } = node;

    public KademliaOptions Options { get; } = options;

    public InfoHash Id => Options.Id;

    public NodeEntry Entry => new(Id, EndPoint);

    public List<KademliaEvent> Events { get; } = [];

    /// <summary>When each of <see cref="Events"/> came.</summary>
    public List<Instant> EventTimes { get; } = [];

    /// <summary>It neither hears nor answers, though it is still known.</summary>
    public bool IsSilent { get; set; }

    public IEnumerable<DhtValue> Values(KademliaOperation operation) =>
        Events.Where(e => e.Operation == operation && e.Kind == KademliaEventKind.Value).Select(e => e.Value!);

    public bool Has(KademliaOperation operation, KademliaEventKind kind) => Events.Exists(e => e.Operation == operation && e.Kind == kind);

    /// <summary>When an operation had its first event of a kind; null if it had none.</summary>
    public Instant? TimeOf(KademliaOperation operation, KademliaEventKind kind)
    {
        int index = Events.FindIndex(e => e.Operation == operation && e.Kind == kind);
        return index < 0 ? null : EventTimes[index];
    }

    public override void Receive(byte[] datagram, IPEndPoint from, Instant now)
    {
        if (IsSilent) return;
        Node.OnDatagram(datagram, from, now);
        Pump();
    }

    public void OnTimer(Instant now)
    {
        if (_wake > now) return; // It was moved later meanwhile.
        _wake = null;
        if (IsSilent) return;
        Node.OnDeadline(now);
        Pump();
    }

    /// <summary>Sends what is to be sent, takes results, and sees to the next deadline. Also after each call of the node by a test.</summary>
    public void Pump()
    {
        lab.Drain(this);
        while (Node.TryTakeEvent(out KademliaEvent happened))
        {
            Events.Add(happened);
            EventTimes.Add(lab.Now);
        }

        if (Node.Deadline is not { } deadline || (_wake is { } wake && wake <= deadline)) return;
        _wake = deadline > lab.Now ? deadline : lab.Now;
        lab.WakeAt(this, _wake.Value);
    }

    public GetOperation Get(InfoHash key, ValueQuery? query = null) => Do(Node.Get(key, query ?? ValueQuery.Everything, lab.Now));

    public PutOperation Put(InfoHash key, DhtValue value, bool isPermanent = false) => Do(Node.Put(key, value, isPermanent, lab.Now));

    public ListenOperation Listen(InfoHash key, ValueQuery? query = null) => Do(Node.Listen(key, query ?? ValueQuery.Everything, lab.Now));

    public void Bootstrap(IPEndPoint endPoint)
    {
        Node.Bootstrap(endPoint, lab.Now);
        Pump();
    }

    public void Cancel(KademliaOperation operation)
    {
        Node.Cancel(operation, lab.Now);
        Pump();
    }

    private T Do<T>(T operation)
    {
        Pump();
        return operation;
    }
}
