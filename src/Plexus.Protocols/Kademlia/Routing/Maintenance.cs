using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Searching;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>Keeps the routing table alive by asking for nodes where it is thin or stale. docs/protocols/opendht-node.md.</summary>
internal sealed class Maintenance(KademliaContext context, RoutingTable routing, Func<InfoHash, Instant, Search> lookUp) : Timed, IRequestOwner
{
    private static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan GrowingFor = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    // One in so many asks a neighbouring bucket, and one in so many for both families, as OpenDHT does.
    private const int NeighbourOdds = 8;
    private const int BothFamiliesOdds = 38;

    private bool _hasLookedUp;

    /// <summary>The node of the other address family on this host.</summary>
    public KademliaNode? Sibling { get; set; }

    public void Start(Instant now) =>
        context.Agenda.Set(this, now + context.Random.Between(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5)));

    /// <summary>Runs soon: something is amiss or new.</summary>
    public void Hurry(Instant now) => context.Agenda.SetNoLater(this, now + Soon);

    public void OnConnectivityChanged(Instant now)
    {
        _hasLookedUp = false;
        context.Agenda.SetNoLater(this, now);
    }

    public override void OnDue(Instant now)
    {
        if (!_hasLookedUp && routing.Buckets.Any(bucket => bucket.Nodes.Exists(node => node.IsGood(now))))
        {
            _hasLookedUp = true;
            lookUp(context.Options.Id, now).LookUp(now); // Finds our neighbours.
        }

        bool hasSent = RefreshBuckets(now);
        bool isGrowing = routing.GrowTime is { } grown && now - grown <= GrowingFor;
        bool hasAskedNeighbours = !hasSent && isGrowing && AskNeighbours(now);
        context.Agenda.Set(this, now + (hasSent || hasAskedNeighbours
            ? context.Random.Between(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(25))
            : context.Random.Between(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(180))));
    }

    public void OnReply(PendingRequest request, RemoteNode node, KademliaMessage reply, Instant now)
    {
        if (reply.Token.Length is > 0 and <= 64) node.KeepToken(reply.Token.ToArray(), now);
    }

    public void OnError(PendingRequest request, ulong code, Instant now)
    {
    }

    public void OnSlow(PendingRequest request, Instant now)
    {
    }

    public void OnExpired(PendingRequest request, Instant now) => Hurry(now);

    private bool RefreshBuckets(Instant now)
    {
        bool hasSent = false;
        for (int i = 0; i < routing.Buckets.Count; i++)
        {
            Bucket bucket = routing.Buckets[i];
            if (bucket.Nodes.Count > 0 && bucket.LastReply is { } reply && now - reply <= StaleAfter) continue;
            InfoHash target = bucket.RandomId(context.Random);
            if (Pick(i) is not { Pending: 0 } node) continue;
            Find(node, target, now);
            hasSent = true;
        }

        return hasSent;
    }

    private bool AskNeighbours(Instant now)
    {
        InfoHash target = context.Options.Id;
        for (int bit = InfoHash.BitCount - 8; bit < InfoHash.BitCount; bit++) target = target.WithBit(bit, context.Random.Below(2) == 1);
        if (Pick(routing.IndexOf(target)) is not { Pending: 0 } node) return false;
        Find(node, target, now);
        return true;
    }

    /// <summary>A random usable node of a bucket, or of the one beside it.</summary>
    private RemoteNode? Pick(int index)
    {
        int[] order = context.Random.Below(NeighbourOdds) == 0 ? [index + 1, index - 1, index] : [index, index + 1, index - 1];
        foreach (int place in order)
        {
            if (place < 0 || place >= routing.Buckets.Count) continue;
            List<RemoteNode> usable = routing.Buckets[place].Nodes.FindAll(node => !node.IsExpired);
            if (usable.Count > 0) return usable[context.Random.Below(usable.Count)];
        }

        return null;
    }

    private void Find(RemoteNode node, InfoHash target, Instant now)
    {
        bool wantsBoth = Sibling is not null && (Sibling.NeedsNodesNear(target) || context.Random.Below(BothFamiliesOdds) == 0);
        context.Transactions.Send(
            KademliaRequest.Find, node, id => [context.Writer.Find(id, target, wantsBoth ? WantedFamilies.Both : null)], now, this);
    }
}
