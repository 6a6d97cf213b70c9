using System.Net;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Storage;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Searching;

/// <summary>The way to the nodes closest to one key, in one address family, and all operations on that key.</summary>
/// <remarks>
/// docs/protocols/opendht-node.md, "Searches". A search holds the closest nodes heard of, in the order of their distance, and
/// asks the first eight usable ones for closer ones until all of them have answered. Operations do not wait for that
/// (docs/decisions/0003-eager-dht.md): <see cref="Announcements"/> and <see cref="Registrations"/> write wherever a token is at hand.
/// </remarks>
internal sealed class Search : Timed, IRequestOwner
{
    /// <summary>The closest nodes that hold a key's values.</summary>
    public const int TargetNodes = 8;

    /// <summary>Usable nodes kept; the rest stands by for those that fail.</summary>
    public const int KeptNodes = 14;

    /// <summary>Nodes asked at a time, not counting slow ones.</summary>
    private const int InFlight = 4;

    /// <summary>So many unreachable nodes in front, and the search has failed.</summary>
    private const int MaxBadNodes = 25;

    /// <summary>So many silent nodes among the closest are nothing special: a fifth of those that lists name.</summary>
    private const int UsualBad = 3;

    private const int MaxTokenLength = 64;

    /// <summary>How long a search without operations is kept, for the nodes that it knows.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(62);

    // A search that reached nobody begins again when a node is heard, or by itself so much later, then twice as much.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan RefillPeriod = TimeSpan.FromMinutes(10);

    // With too few usable nodes left the search would end among nodes that lists full of silent ones have led it to.
    private static readonly TimeSpan ThinRefillPeriod = TimeSpan.FromMilliseconds(200);

    // Of so many known nodes some are usable, or most of what we know is gone.
    private const int RefillNodes = 4 * KeptNodes;

    private readonly KademliaContext _context;
    private readonly List<SearchNode> _nodes = []; // closest first
    private readonly List<RemoteNode> _found = [];
    private readonly List<PendingRequest> _unknown = []; // to endpoints whose node is not known yet
    private Instant _lastStep;
    private Instant? _lastRefill;
    private Instant? _pausedUntil;
    private TimeSpan _pause = ShortestPause;
    private bool _isLookup;

    public Search(KademliaContext context, InfoHash key, Instant now)
    {
        _context = context;
        Key = key;
        _lastStep = now;
        Retrievals = new Retrievals(context, this);
        Announcements = new Announcements(context, this);
        Registrations = new Registrations(context, this);
        Refill(now);
    }

    public InfoHash Key { get; }

    /// <summary>Closest first; the usable ones are the first <see cref="KeptNodes"/> of their kind.</summary>
    public IReadOnlyList<SearchNode> Nodes => _nodes;

    public Retrievals Retrievals { get; }

    public Announcements Announcements { get; }

    public Registrations Registrations { get; }

    /// <summary>The closest usable nodes, all of them, have answered.</summary>
    public bool IsSynced { get; private set; }

    /// <summary>How many answers one after another led to the farthest point of the search.</summary>
    public int Hops { get; private set; }

    /// <summary>Finds and gets sent for it, not counting retransmissions.</summary>
    public int Asked { get; private set; }

    /// <summary>Somebody waits for something.</summary>
    public bool HasWork => _isLookup || Retrievals.HasWork || Announcements.HasWork || Registrations.HasWork;

    public bool IsKept(Instant now) => HasWork || now - _lastStep <= KeptFor;

    /// <summary>The usable nodes among which the values belong, and how many of them from the front have answered.</summary>
    public IEnumerable<SearchNode> Usable => _nodes.Where(node => !node.IsBad);

    /// <summary>Finds the closest nodes, for their own sake.</summary>
    public void LookUp(Instant now)
    {
        _isLookup = true;
        Wake(now);
    }

    /// <summary>Steps before anything else happens.</summary>
    public void Wake(Instant now) => _context.Agenda.SetNoLater(this, now);

    /// <summary>Offers a node; true when the search wants it.</summary>
    public bool Offer(RemoteNode node, int hops, Instant now)
    {
        if (node.IsClient || node.Id == _context.Options.Id) return false;
        int index = _nodes.FindIndex(other => Key.CompareDistance(node.Id, other.Node.Id) <= 0);
        if (index >= 0 && _nodes[index].Node.Id == node.Id) return false;
        if (index < 0) index = _nodes.Count;
        if (index == _nodes.Count && Usable.Count() >= KeptNodes) return false;

        // Many ids at one endpoint are one node at most, whatever a list says.
        if (node.LastReply is null && _nodes.Exists(other => !other.Node.IsExpired && other.Node.EndPoint.Equals(node.EndPoint))) return false;
        _context.Nodes.Hold(node);
        _nodes.Insert(index, new SearchNode(node, hops));
        if (_unknown.Find(request => request.EndPoint.Equals(node.EndPoint)) is { } asked) Join(_nodes[index], asked);
        Trim(now);
        if (node.LastHeard is not null) _pausedUntil = null;
        Wake(now);
        return true;
    }

    /// <summary>Offers a node that another told of.</summary>
    public bool OfferFrom(RemoteNode teller, RemoteNode node, Instant now) =>
        Offer(node, _nodes.Find(other => ReferenceEquals(other.Node, teller)) is { } known ? known.Hops + 1 : 0, now);

    /// <summary>Asks an endpoint whose id is unknown: its answer brings a token and nodes at once, without a ping before.</summary>
    public bool AskUnknown(IPEndPoint endPoint, Instant now)
    {
        (KademliaRequest kind, Func<uint, IReadOnlyList<byte[]>> write, GetOperation? get) = Ask(null);
        if (_unknown.Exists(other => other.EndPoint.Equals(endPoint))) return true;
        if (_context.Transactions.Send(kind, endPoint, write, now, this, new Question(null, get)) is not { } request) return false;
        _unknown.Add(request);
        Asked++;
        return true;
    }

    public override void OnDue(Instant now)
    {
        _lastStep = now;
        if (!HasWork) return;
        if (_pausedUntil is { } until && now < until)
        {
            _context.Agenda.SetNoLater(this, until);
            return;
        }

        _pausedUntil = null;
        TimeSpan period = Usable.Count() < TargetNodes ? ThinRefillPeriod : RefillPeriod;
        if (_lastRefill is not { } refill || now - refill > period) Refill(now);
        List<SearchNode> closest = Closest();
        int lead = closest.FindIndex(node => !node.IsSynced(now));
        IsSynced = lead < 0 && closest.Count > 0;
        if (lead < 0) lead = closest.Count;
        Registrations.Step(lead, now);
        Announcements.Step(lead, now);
        if (IsSynced)
        {
            _isLookup = false;
            Announcements.Finish(closest.GetRange(0, Math.Min(TargetNodes, closest.Count)));
            Retrievals.Finish(closest);
        }

        AskClosest(closest, now);
        if (FailIfUnreachable(now)) return;
        Schedule(closest, now);
    }

    public void OnReply(PendingRequest request, RemoteNode node, KademliaMessage reply, Instant now)
    {
        Question asked = (Question)request.Subject!;
        _unknown.Remove(request);
        if (asked.Node is { } former)
        {
            former.Ask = null;
            former.IsCandidate = false;
        }

        if (reply.Token.Length is 0 or > MaxTokenLength)
        {
            _context.AnsweredWithoutToken?.Invoke(node, now);
            Wake(now);
            return;
        }

        _pause = ShortestPause;
        _pausedUntil = null;
        node.KeepToken(reply.Token.ToArray(), now);
        Offer(node, 0, now); // If it was asked by address alone, or has another id than was said.
        Deliver(reply, node, now);
        if (_nodes.Find(other => ReferenceEquals(other.Node, node)) is { } answerer)
        {
            answerer.TokenReply = now;
            answerer.IsCandidate = false;
            Hops = Math.Max(Hops, answerer.Hops + 1);
            if (asked.Get is { } get) Retrievals.OnAnswer(answerer, get);
        }

        Wake(now);
    }

    public void OnError(PendingRequest request, ulong code, Instant now)
    {
    }

    public void OnSlow(PendingRequest request, Instant now)
    {
        if (((Question)request.Subject!).Node is { } node) node.IsCandidate = true;
        Wake(now);
    }

    public void OnExpired(PendingRequest request, Instant now)
    {
        _unknown.Remove(request);
        if (((Question)request.Subject!).Node is { } node)
        {
            node.Ask = null;
            node.IsCandidate = false; // It is expired now, until it is heard again.
        }

        Wake(now);
    }

    /// <summary>Reports the values of a reply, once their signatures are found right.</summary>
    public void Deliver(KademliaMessage message, RemoteNode from, Instant now)
    {
        foreach (DhtValue value in message.Values)
        {
            if (value.Id == 0 || !(Retrievals.Wants(value) || Registrations.Wants(value))) continue;
            if (value.IsSigned && !_context.Signatures.IsValid(value, from.EndPoint.Address, now))
            {
                _context.Counters.ForgedValues++;
                continue;
            }

            Instant until = now + StoragePolicy.Lifetime(value.Type);
            Retrievals.OnValue(value, from.Id, until);
            Registrations.OnValue(value, from.Id, until);
        }

        foreach (SelectedFields fields in message.Fields ?? []) Retrievals.OnFields(fields);
    }

    /// <summary>Our connection changed: every answer so far was to somebody else.</summary>
    public void OnConnectivityChanged(Instant now)
    {
        foreach (SearchNode node in _nodes)
        {
            node.TokenReply = null;
            node.IsCandidate = false;
            node.Refusals = 0;
        }

        IsSynced = false;
        Registrations.Renew();
        _lastRefill = null;
        _pausedUntil = null;
        Wake(now);
    }

    /// <summary>Lets go of everything.</summary>
    public void Close()
    {
        Clear();
        Registrations.Close();
        Announcements.Close();
        _context.Agenda.Remove(this);
    }

    private void Clear()
    {
        foreach (SearchNode node in _nodes) Detach(node);
        _nodes.Clear();
        foreach (PendingRequest request in _unknown) _context.Transactions.Cancel(request);
        _unknown.Clear();
    }

    private void Detach(SearchNode node)
    {
        if (node.Ask is { } ask) _context.Transactions.Cancel(ask);
        node.Ask = null;
        _context.Nodes.Release(node.Node);
    }

    private void Refill(Instant now)
    {
        // Also after a pause, when the same nodes may be reachable again.
        _lastRefill = now;
        _found.Clear();
        _context.Nodes.Closest(Key, RefillNodes, NodeFilter.Usable, now, _found);
        foreach (RemoteNode node in _found) Offer(node, 0, now);
    }

    private void Trim(Instant now)
    {
        int usable = Usable.Count();
        while (usable > KeptNodes || _nodes.Count > KeptNodes + MaxBadNodes)
        {
            // A bad node that may never be heard again goes first when the list is long.
            int index = usable > KeptNodes ? _nodes.Count - 1 : _nodes.FindLastIndex(node => node.IsBad);
            if (!_nodes[index].IsBad) usable--;
            Detach(_nodes[index]);
            _nodes.RemoveAt(index);
        }

        int removable = _nodes.FindIndex(node => node.Ask is null && node.Node.IsRemovable(now));
        if (removable < 0 || _nodes.Count <= KeptNodes) return;
        Detach(_nodes[removable]);
        _nodes.RemoveAt(removable);
    }

    /// <summary>
    /// The usable nodes that have to answer: eight, and where many are silent more, since lists full of silent nodes name
    /// fewer of the others.
    /// </summary>
    private List<SearchNode> Closest()
    {
        List<SearchNode> closest = new(KeptNodes);
        int bad = 0;
        foreach (SearchNode node in _nodes)
        {
            if (closest.Count >= Math.Min(TargetNodes + Math.Max(0, bad - UsualBad), KeptNodes)) break;
            if (node.IsBad) bad++;
            else closest.Add(node);
        }

        return closest;
    }

    private void AskClosest(List<SearchNode> closest, Instant now)
    {
        int inFlight = _nodes.Count(node => !node.IsBad && node.Ask is not null);
        foreach (SearchNode node in closest)
        {
            if (inFlight >= InFlight) break;
            if (node.Ask is not null || (node.HasAnswered(now) && Retrievals.Unanswered(node) is null)) continue;
            (KademliaRequest kind, Func<uint, IReadOnlyList<byte[]>> write, GetOperation? get) = Ask(node);
            node.Ask = _context.Transactions.Send(kind, node.Node, write, now, this, new Question(node, get));
            if (node.Ask is null) break; // Too much is under way: another step comes with the next answer.
            Asked++;
            inFlight++;
        }
    }

    /// <summary>What to ask: a get if somebody wants values, which for a new listen saves a round trip.</summary>
    private (KademliaRequest Kind, Func<uint, IReadOnlyList<byte[]>> Write, GetOperation? Get) Ask(SearchNode? node)
    {
        if (Retrievals.Unanswered(node) is { } wanted)
            return (KademliaRequest.Get, id => [_context.Writer.Get(id, Key, wanted.Query)], wanted);
        if (Registrations.WantsValues)
            return (KademliaRequest.Get, id => [_context.Writer.Get(id, Key, Registrations.Query)], null);
        return (KademliaRequest.Find, id => [_context.Writer.Find(id, Key)], null);
    }

    private bool FailIfUnreachable(Instant now)
    {
        int expired = _nodes.FindIndex(node => !node.Node.IsExpired);
        if (expired < 0) expired = _nodes.Count;
        if (_nodes.Count == 0 || expired < Math.Min(_nodes.Count, MaxBadNodes)) return false;
        Clear();
        IsSynced = false;
        _isLookup = false;
        Retrievals.OnUnreachable();
        Announcements.OnUnreachable();
        Registrations.OnUnreachable();
        _pausedUntil = now + _pause;
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        if (HasWork) _context.Agenda.Set(this, _pausedUntil.Value);
        _context.SearchFailed?.Invoke(now);
        return true;
    }

    private void Schedule(List<SearchNode> closest, Instant now)
    {
        if (!HasWork) return;
        Instant? due = Instant.Earliest(Registrations.NextStep(now), Announcements.NextStep(now));
        foreach (SearchNode node in closest)
        {
            if (node.Ask is null && node.TokenReply is { } reply)
                due = Instant.Earliest(due, reply + RemoteNode.TokenLifetime + TimeSpan.FromTicks(1));
        }

        // Nothing is scheduled for the very instant again: what could be done was done.
        if (due is { } step) _context.Agenda.SetNoLater(this, step > now ? step : now + TimeSpan.FromMilliseconds(100));
    }

    /// <summary>The node behind an endpoint that was asked has shown itself: it needs no second question.</summary>
    private void Join(SearchNode node, PendingRequest asked)
    {
        ((Question)asked.Subject!).Node = node;
        node.Ask = asked;
        _unknown.Remove(asked);
    }
}
