using System.Net;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Searching;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>Endpoints to begin with, whose node ids are unknown. docs/protocols/opendht-node.md.</summary>
/// <remarks>
/// No ping comes before the first question: if an operation waits already, its search asks the endpoint itself, so
/// that one round trip brings nodes, token and values (docs/decisions/0003-eager-dht.md).
/// </remarks>
internal sealed class BootstrapContacts(KademliaContext context, IReadOnlyDictionary<InfoHash, Search> searches, Func<Instant, KademliaStatus> status) : Timed
{
    private const int Capacity = 64;

    /// <summary>Searches that ask one endpoint at a time; the others wait for its answer.</summary>
    private const int MaxQuestions = 4;

    /// <summary>Hosts that a search in a small network asks besides: one may be down.</summary>
    private const int Besides = 2;

    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromHours(24);

    private readonly List<IPEndPoint> _endPoints = [];
    private readonly Queue<IPEndPoint> _new = new();
    private TimeSpan _period = ShortestPeriod;

    /// <summary>There is somebody to ask.</summary>
    public bool IsActive => Due is not null && _endPoints.Count > 0;

    public void Add(IPEndPoint endPoint, Instant now)
    {
        if (Martians.IsMartian(endPoint)) return;
        if (!_endPoints.Contains(endPoint))
        {
            if (_endPoints.Count >= Capacity) _endPoints.RemoveAt(0);
            _endPoints.Add(endPoint);
        }

        if (!_new.Contains(endPoint)) _new.Enqueue(endPoint);
        context.Agenda.SetNoLater(this, now); // Not at once: an operation may follow in the same breath.
    }

    /// <summary>Begins again at the shortest period: the connection changed, or everybody was lost.</summary>
    public void Restart(Instant now)
    {
        if (_endPoints.Count == 0) return;
        _period = ShortestPeriod;
        context.Agenda.SetNoLater(this, now);
    }

    /// <summary>A search has nobody to ask: it asks here.</summary>
    public void Ask(Search search, Instant now)
    {
        if (status(now) == KademliaStatus.Connected || _new.Count > 0) return; // The new ones are asked in a moment.
        for (int i = 0; i < Math.Min(_endPoints.Count, MaxQuestions); i++) search.AskUnknown(_endPoints[i], now);
    }

    /// <summary>
    /// A search in a small network asks here besides: nodes that all joined through one host at about the same time may know
    /// only it and their own half of the network, and then no answer of theirs leads to the other half.
    /// </summary>
    public void AskBesides(Search search, Instant now)
    {
        if (_new.Count > 0) return; // They are asked in a moment.
        for (int i = 0; i < Math.Min(_endPoints.Count, Besides); i++) search.AskUnknown(_endPoints[i], now);
    }

    public override void OnDue(Instant now)
    {
        if (_new.Count > 0)
        {
            while (_new.TryDequeue(out IPEndPoint? endPoint)) Contact(endPoint, now);
            context.Agenda.Set(this, now + _period);
            return;
        }

        if (status(now) == KademliaStatus.Connected)
        {
            _period = ShortestPeriod;
            return;
        }

        foreach (IPEndPoint endPoint in _endPoints) Contact(endPoint, now);
        _period = _period * 2 < LongestPeriod ? _period * 2 : LongestPeriod;
        context.Agenda.Set(this, now + _period);
    }

    private void Contact(IPEndPoint endPoint, Instant now)
    {
        int questions = 0;
        foreach (Search search in searches.Values)
        {
            if (!search.HasWork || search.IsSynced || questions >= MaxQuestions) continue;
            if (search.AskUnknown(endPoint, now)) questions++;
        }

        if (questions == 0) context.Transactions.Send(KademliaRequest.Ping, endPoint, id => [context.Writer.Ping(id)], now);
    }
}
