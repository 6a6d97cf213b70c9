namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>The buckets of one address family: many nodes near our own id, few far away. docs/protocols/opendht-node.md, "Routing table".</summary>
/// <param name="ping">Sends a ping to a node whose place is in question.</param>
internal sealed class RoutingTable(InfoHash ownId, NodeTable nodes, Action<RemoteNode, Instant> ping)
{
    private readonly List<Bucket> _buckets = [new(InfoHash.Zero, 0)]; // ascending, no gaps

    /// <summary>The last time a node came into the bucket of our own id.</summary>
    public Instant? GrowTime { get; private set; }

    public IReadOnlyList<Bucket> Buckets => _buckets;

    public int NodeCount => _buckets.Sum(bucket => bucket.Nodes.Count);

    public int IndexOf(InfoHash id)
    {
        int low = 0;
        int high = _buckets.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >>> 1;
            if (_buckets[middle].First <= id) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    /// <summary>Offers a node. True when it came in, or was kept as a candidate.</summary>
    public bool Insert(RemoteNode node, Confirmation confirmation, Instant now)
    {
        while (true)
        {
            int index = IndexOf(node.Id);
            Bucket bucket = _buckets[index];
            if (confirmation == Confirmation.Replied) bucket.LastReply = now;
            if (bucket.Nodes.Contains(node)) return false;
            if (confirmation == Confirmation.Told && bucket.Nodes.Exists(other => !other.IsExpired && other.EndPoint.Equals(node.EndPoint))) return false;
            bool isOwn = bucket.Covers(ownId);
            if (isOwn) GrowTime = now;
            if (bucket.Nodes.Count < Bucket.Capacity)
            {
                Add(bucket, node);
                return true;
            }

            int expired = bucket.Nodes.FindIndex(other => other.IsExpired);
            if (expired >= 0)
            {
                nodes.Release(bucket.Nodes[expired]);
                bucket.Nodes.RemoveAt(expired);
                Add(bucket, node);
                return true;
            }

            bool isDubious = bucket.Nodes.Exists(other => !other.IsGood(now));
            if (isDubious && bucket.Nodes.Find(other => !other.IsGood(now) && other.Pending == 0) is { } dubious) ping(dubious, now);
            if (isOwn && bucket.Depth < InfoHash.BitCount - 1 && (!isDubious || _buckets.Count == 1))
            {
                Split(index, now);
                continue;
            }

            if (confirmation == Confirmation.Told && bucket.Candidate is not null) return false;
            SetCandidate(bucket, node);
            return true;
        }
    }

    /// <summary>Takes expired nodes out; a candidate is pinged for the free place.</summary>
    public void RemoveExpired(Instant now)
    {
        foreach (Bucket bucket in _buckets)
        {
            int before = bucket.Nodes.Count;
            for (int i = before - 1; i >= 0; i--)
            {
                if (!bucket.Nodes[i].IsExpired) continue;
                nodes.Release(bucket.Nodes[i]);
                bucket.Nodes.RemoveAt(i);
            }

            if (bucket.Nodes.Count < before) PingCandidate(bucket, now);
        }
    }

    private void Split(int index, Instant now)
    {
        Bucket lower = _buckets[index];
        PingCandidate(lower, now);
        Bucket upper = new(lower.First.WithBit(lower.Depth, true), lower.Depth + 1) { LastReply = lower.LastReply };
        lower.Depth++;
        for (int i = lower.Nodes.Count - 1; i >= 0; i--)
        {
            if (lower.Nodes[i].Id < upper.First) continue;
            upper.Nodes.Add(lower.Nodes[i]);
            lower.Nodes.RemoveAt(i);
        }

        _buckets.Insert(index + 1, upper);
    }

    private void PingCandidate(Bucket bucket, Instant now)
    {
        if (bucket.Candidate is not { } candidate) return;
        ping(candidate, now); // Its answer brings it here again, as confirmed.
        SetCandidate(bucket, null);
    }

    private void SetCandidate(Bucket bucket, RemoteNode? node)
    {
        if (node is not null) nodes.Hold(node);
        if (bucket.Candidate is { } former) nodes.Release(former);
        bucket.Candidate = node;
    }

    private void Add(Bucket bucket, RemoteNode node)
    {
        nodes.Hold(node);
        bucket.Nodes.Add(node);
        if (ReferenceEquals(bucket.Candidate, node)) SetCandidate(bucket, null);
    }
}
