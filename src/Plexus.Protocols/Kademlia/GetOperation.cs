namespace Plexus.Protocols.Kademlia;

/// <summary>Gets the values under a key, or fields of them; finished when the eight closest nodes have answered.</summary>
internal sealed class GetOperation(InfoHash key, ValueQuery query) : KademliaOperation(key)
{
    /// <summary>Which values, and which of their fields.</summary>
    public ValueQuery Query { get; } = query;

    /// <summary>Nodes that have answered it.</summary>
    public int Answers { get; internal set; }

    internal CollectedValues Values { get; } = new();
}
