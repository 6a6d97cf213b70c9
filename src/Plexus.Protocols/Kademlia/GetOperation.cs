using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Searching;

namespace Plexus.Protocols.Kademlia;

/// <summary>Gets the values under a key, or fields of them; finished when the eight closest nodes have answered.</summary>
internal sealed class GetOperation(InfoHash key, ValueQuery query) : KademliaOperation(key)
{
    private readonly HashSet<(ulong?, ushort?, InfoHash?, ushort?, string?)> _rows = [];

    /// <summary>Which values, and which of their fields.</summary>
    public ValueQuery Query { get; } = query;

    /// <summary>Nodes that have answered it.</summary>
    public int Answers { get; internal set; }

    internal CollectedValues Values { get; } = new();

    /// <summary>Tells rows of fields apart, so that each is told once, whoever else has it.</summary>
    internal bool IsNew(SelectedFields row) =>
        _rows.Count < CollectedValues.Capacity
        && _rows.Add((row.Id, row.Type, row.OwnerId, row.Sequence, row.UserType is { } type ? Convert.ToHexString(type.Span) : null));
}
