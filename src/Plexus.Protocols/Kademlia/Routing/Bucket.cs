namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>The nodes known in one range of the id space: all ids that share <paramref name="depth"/> leading bits with <paramref name="first"/>.</summary>
internal sealed class Bucket(InfoHash first, int depth)
{
    /// <summary>Nodes in a bucket: Kademlia's k, as OpenDHT has it.</summary>
    public const int Capacity = 8;

    public InfoHash First { get; } = first;

    public int Depth { get; set; } = depth;

    public List<RemoteNode> Nodes { get; } = new(Capacity);

    /// <summary>A node that found the bucket full, to take the next free place.</summary>
    public RemoteNode? Candidate { get; set; }

    /// <summary>The last answer from a node of this range.</summary>
    public Instant? LastReply { get; set; }

    public bool Covers(InfoHash id) => First.CommonPrefixLength(id) >= Depth;

    /// <summary>A random id in the range.</summary>
    public InfoHash RandomId(RandomSource random)
    {
        InfoHash id = random.Id();
        for (int bit = 0; bit < Depth; bit++) id = id.WithBit(bit, First.GetBit(bit));
        return id;
    }
}
