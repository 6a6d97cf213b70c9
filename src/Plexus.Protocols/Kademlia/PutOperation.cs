using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia;

/// <summary>Puts a value to the nodes closest to a key; a permanent one again and again until cancelled.</summary>
internal sealed class PutOperation(InfoHash key, DhtValue value, bool isPermanent, long created) : KademliaOperation(key)
{
    public DhtValue Value { get; } = value;

    public bool IsPermanent { get; } = isPermanent;

    /// <summary>When the value came into being, in seconds since 1970.</summary>
    public long Created { get; } = created;

    /// <summary>Nodes that acknowledged it. An acknowledgement does not prove that the node stored the value.</summary>
    public int Acknowledged { get; internal set; }

    /// <summary>When the first one did.</summary>
    public Instant? FirstAcknowledged { get; internal set; }

    /// <summary>The (up to) eight closest nodes had all acknowledged it, at least once.</summary>
    public bool IsComplete { get; internal set; }
}
