using Plexus.Protocols.Kademlia.Messages;

namespace Plexus.Protocols.Kademlia;

/// <summary>Hears of values under a key as they come, until cancelled.</summary>
internal sealed class ListenOperation(InfoHash key, ValueQuery query) : KademliaOperation(key)
{
    /// <summary>Which values; a selection of fields has no effect.</summary>
    public ValueQuery Query { get; } = query;

    /// <summary>When the first node took the registration; from then on values find their way here.</summary>
    public Instant? FirstRegistered { get; internal set; }
}
