namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>All nodes that something refers to, ordered by id, so that the closest to any id are found by walking a tree that the order implies.</summary>
/// <remarks>
/// Its size is bounded by its users: buckets, searches, pending requests and registrations have limits of
/// their own. A look-up costs the logarithm of the size for each node found or passed over.
/// </remarks>
internal sealed class NodeTable
{
    private readonly List<RemoteNode> _nodes = []; // ascending ids, no id twice

    public int Count => _nodes.Count;

    public RemoteNode this[int index] => _nodes[index];

    public RemoteNode? Find(InfoHash id)
    {
        int index = IndexOf(id);
        return index >= 0 ? _nodes[index] : null;
    }

    /// <summary>Something refers to the node from now on.</summary>
    public void Hold(RemoteNode node)
    {
        if (node.References++ > 0) return;
        int index = IndexOf(node.Id);
        if (index >= 0) throw new InvalidOperationException("Two objects stand for one node.");
        _nodes.Insert(~index, node);
    }

    /// <summary>One reference less; the last one takes the node out.</summary>
    public void Release(RemoteNode node)
    {
        if (--node.References == 0) _nodes.RemoveAt(IndexOf(node.Id));
    }

    /// <summary>Adds up to <paramref name="count"/> nodes to a list, those closest to an id first.</summary>
    /// <param name="except">A node that is of no use in the list: the one that asked.</param>
    public void Closest(InfoHash target, int count, NodeFilter filter, Instant now, List<RemoteNode> found, InfoHash except = default)
    {
        Walk walk = new(this, target, found.Count + count, filter, now, found, except);
        walk.Visit(0, _nodes.Count);
    }

    private int IndexOf(InfoHash id)
    {
        int low = 0;
        int high = _nodes.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = _nodes[middle].Id.CompareTo(id);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return ~low;
    }

    private readonly ref struct Walk(
        NodeTable table, InfoHash target, int limit, NodeFilter filter, Instant now, List<RemoteNode> found, InfoHash except)
    {
        /// <summary>Visits nodes [from, to) in the order of their distance.</summary>
        public void Visit(int from, int to)
        {
            if (from >= to || found.Count >= limit) return;
            InfoHash first = table._nodes[from].Id;
            if (to - from == 1)
            {
                Take(table._nodes[from]);
                return;
            }

            // The ids are in order, so the outer two have in common what all have; at the next bit they part,
            // and every id on the target's side of it is closer than any on the other.
            int bit = first.CommonPrefixLength(table._nodes[to - 1].Id);
            int middle = FirstWithBit(from, to, bit);
            if (target.GetBit(bit))
            {
                Visit(middle, to);
                Visit(from, middle);
            }
            else
            {
                Visit(from, middle);
                Visit(middle, to);
            }
        }

        private void Take(RemoteNode node)
        {
            if (node.IsClient || node.IsExpired || node.Id == except) return;
            if (filter == NodeFilter.Usable || node.IsGood(now)) found.Add(node);
        }

        private int FirstWithBit(int from, int to, int bit)
        {
            while (from < to)
            {
                int middle = (from + to) >>> 1;
                if (table._nodes[middle].Id.GetBit(bit)) to = middle;
                else from = middle + 1;
            }

            return from;
        }
    }
}
