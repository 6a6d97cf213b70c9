using Plexus.Protocols.Kademlia.Searching;

namespace Plexus.Protocols.Kademlia;

/// <summary>A find or get of a search that waits for its answer.</summary>
/// <param name="node">Who was asked; null until an endpoint of unknown id shows who it is.</param>
/// <param name="get">For whom; null for a find, and for the get of a listen.</param>
internal sealed class Question(SearchNode? node, GetOperation? get)
{
    public SearchNode? Node { get; set; } = node;

    public GetOperation? Get { get; } = get;
}
