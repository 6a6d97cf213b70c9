using System.Net;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Searching;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>Requests of ours and their answers: numbers, attempts, matching. docs/protocols/opendht-node.md, "Nodes and transactions".</summary>
/// <remarks>
/// Differs from OpenDHT in the times: the first attempt is repeated after 300 ms instead of 1 s, because a lost
/// datagram would otherwise cost more than all the rest of a look-up; see docs/decisions/0003-eager-dht.md.
/// </remarks>
internal sealed class Transactions(
    Agenda agenda, NodeTable nodes, Outbox outbox, RandomSource random, KademliaCounters counters)
{
    /// <summary>Longer than most round trips; one of a slow path is learned (see <see cref="OnDue"/>).</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(300);

    /// <summary>Without an answer for this long, an unmeasured node does not hold up a search.</summary>
    public static readonly TimeSpan SlowAfter = TimeSpan.FromMilliseconds(400);

    /// <summary>Attempts at 0, 0.3, 0.9 and 2.1 s.</summary>
    public const int MaxAttempts = 4;

    /// <summary>For a node that never answered yet: most nodes of lists that are silent are gone.</summary>
    public const int MaxAttemptsToStrangers = 2;

    // As OpenDHT: a request fails 7 to 9.75 s after its first attempt.
    private static readonly TimeSpan ShortestLife = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan LongestLife = TimeSpan.FromSeconds(9);

    private static readonly TimeSpan ShortestSlow = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestSlow = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan LongestFirstWait = TimeSpan.FromSeconds(1);
    private const int SlowRoundTrips = 3;
    private const int FirstWaitRoundTrips = 2;

    // Each attempt waits up to a quarter longer, so that nodes asked together are not asked again together.
    private const int JitterDivisor = 4;

    // Our own searches need some hundreds; pushes to listeners get the half, lest who makes us push makes us deaf.
    private const int MaxPending = 8192;
    private const int MaxPushes = MaxPending / 2;

    // 16 MiB: each push keeps its bytes until it is answered, and everybody who puts and listens here chooses how many.
    private const long MaxPushBytes = 16 << 20;

    private const int MaxPendingOfNode = 64;

    private readonly Dictionary<uint, PendingRequest> _pending = [];
    private int _pushes;

    /// <summary>Registrations of ours, by the number that pushes carry. The same numbers never name a request.</summary>
    public Dictionary<uint, ListenSocket> Sockets { get; } = [];

    public int Count => _pending.Count;

    /// <summary>What pushes to listeners keep until they are answered, in bytes.</summary>
    public long PushBytes { get; private set; }

    /// <summary>Sends a request to a known node; null when too many are waiting already.</summary>
    public PendingRequest? Send(
        KademliaRequest kind, RemoteNode node, Func<uint, IReadOnlyList<byte[]>> write, Instant now, IRequestOwner? owner = null, object? subject = null) =>
        Send(kind, node, node.EndPoint, write, now, owner, subject);

    /// <summary>Sends a request to an endpoint whose node's id is unknown.</summary>
    public PendingRequest? Send(
        KademliaRequest kind, IPEndPoint endPoint, Func<uint, IReadOnlyList<byte[]>> write, Instant now, IRequestOwner? owner = null, object? subject = null) =>
        Send(kind, null, endPoint, write, now, owner, subject);

    /// <summary>A number that names neither a pending request nor a registration.</summary>
    public uint NextId()
    {
        while (true)
        {
            uint id = (uint)random.UInt64(); // Spread over the whole range: old nodes join parts by it alone.
            if (id != 0 && !_pending.ContainsKey(id) && !Sockets.ContainsKey(id)) return id;
        }
    }

    /// <summary>The request that a reply or error belongs to.</summary>
    public PendingRequest? Find(uint id) => _pending.GetValueOrDefault(id);

    /// <summary>Requests to nodes whose id is unknown: in all, and to one endpoint.</summary>
    public (int Total, int ToHere) CountUnknown(IPEndPoint endPoint)
    {
        int total = 0;
        int toHere = 0;
        foreach (PendingRequest request in _pending.Values)
        {
            if (request.Node is not null) continue;
            total++;
            if (request.EndPoint.Equals(endPoint)) toHere++;
        }

        return (total, toHere);
    }

    public bool HasUnknown => _pending.Values.Any(request => request.Node is null);

    /// <summary>An answer has come: the request is over, and its round trip is a measurement if it was sent once.</summary>
    public void Complete(PendingRequest request, RemoteNode answerer, Instant now)
    {
        Remove(request);
        if (request.Attempts == 1) answerer.OnRoundTrip(now - request.FirstSent); // Karn: else nobody knows which was answered.
    }

    /// <summary>Forgets a request; its owner hears nothing more of it.</summary>
    public void Cancel(PendingRequest request) => Remove(request);

    /// <summary>A node has become expired: all its requests fail.</summary>
    public void Expire(RemoteNode node, Instant now)
    {
        node.IsExpired = true;
        if (node.Pending == 0) return;
        PendingRequest[] requests = [.. _pending.Values.Where(request => ReferenceEquals(request.Node, node))];
        foreach (PendingRequest request in requests)
        {
            if (Remove(request)) request.Owner?.OnExpired(request, now);
        }
    }

    public void OnDue(PendingRequest request, Instant now)
    {
        if (request.SlowAt is { } slowAt && slowAt <= now)
        {
            request.SlowAt = null;
            request.Owner?.OnSlow(request, now);
            if (!_pending.ContainsKey(request.Id)) return; // The owner gave up.
        }

        if (request.ExpiresAt <= now)
        {
            counters.Timeouts++;
            Remove(request);
            request.Owner?.OnExpired(request, now);
            if (request.Node is { } node) Expire(node, now);
            return;
        }

        if (request.NextAttempt is { } next && next <= now)
        {
            counters.Retransmissions++;
            Attempt(request, now);
        }

        Schedule(request);
    }

    /// <summary>Sends a request to a node at an endpoint that need not be the one where it was heard last.</summary>
    public PendingRequest? Send(
        KademliaRequest kind, RemoteNode? node, IPEndPoint endPoint, Func<uint, IReadOnlyList<byte[]>> write, Instant now, IRequestOwner? owner, object? subject)
    {
        bool isPush = kind == KademliaRequest.Update;
        if (_pending.Count >= MaxPending || node?.Pending >= MaxPendingOfNode || (isPush && (_pushes >= MaxPushes || PushBytes >= MaxPushBytes)))
        {
            counters.NotSent++;
            return null;
        }

        uint id = NextId();
        TimeSpan? roundTrip = node?.RoundTrip;
        PendingRequest request = new(this, id, kind, node, endPoint, write(id), owner, subject)
        {
            FirstSent = now,
            SlowAt = now + (roundTrip is { } known ? Clamp(SlowRoundTrips * known, ShortestSlow, LongestSlow) : SlowAfter),
            Wait = roundTrip is { } measured ? Clamp(FirstWaitRoundTrips * measured, FirstWait, LongestFirstWait) : FirstWait,
            ExpiresAt = now + random.Between(ShortestLife, LongestLife),
        };
        _pending.Add(id, request);
        if (isPush) CountPush(request, 1);
        if (node is not null)
        {
            nodes.Hold(node);
            node.Pending++;
        }

        counters.OnRequest(kind);
        Attempt(request, now);
        Schedule(request);
        return request;
    }

    private void Attempt(PendingRequest request, Instant now)
    {
        outbox.Send(request.EndPoint, request.Datagrams);
        request.Attempts++;
        int most = request.Node is { LastReply: null } && request.Kind is KademliaRequest.Find or KademliaRequest.Get ? MaxAttemptsToStrangers : MaxAttempts;
        request.NextAttempt = request.Attempts < most ? now + request.Wait + random.Between(TimeSpan.Zero, request.Wait / JitterDivisor) : null;
        request.Wait *= 2;
    }

    private void Schedule(PendingRequest request) =>
        agenda.Set(request, Instant.Earliest(Instant.Earliest(request.SlowAt, request.NextAttempt), request.ExpiresAt)!.Value);

    private bool Remove(PendingRequest request)
    {
        if (!_pending.Remove(request.Id)) return false;
        agenda.Remove(request);
        if (request.Kind == KademliaRequest.Update) CountPush(request, -1);
        if (request.Node is not { } node) return true;
        node.Pending--;
        nodes.Release(node);
        return true;
    }

    private void CountPush(PendingRequest push, int sign)
    {
        _pushes += sign;
        PushBytes += sign * push.Datagrams.Sum(static datagram => (long)datagram.Length);
    }

    private static TimeSpan Clamp(TimeSpan value, TimeSpan shortest, TimeSpan longest) =>
        value < shortest ? shortest : value > longest ? longest : value;
}
