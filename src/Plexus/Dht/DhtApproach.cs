using Plexus.Protocols.Kademlia;

namespace Plexus.Dht;

/// <summary>
/// Finds the nodes closest to a key before they are needed, gets their write tokens, and learns which value ids are
/// taken there: a storing node refuses another value under a taken id, and acknowledges it all the same.
/// </summary>
internal sealed class DhtApproach : DhtOperation
{
    private const int MostIds = 4_096; // Per key; nodes of our kind store 1,024.

    private readonly HashSet<ulong> _taken = [];

    /// <summary>Asks for the ids alone, which are a fraction of the values.</summary>
    public static ValueQuery Ids { get; } = new([ValueField.Id], []);

    /// <summary>Whether a node has told of a value under this id.</summary>
    public bool IsTaken(ulong id)
    {
        lock (_taken) return _taken.Contains(id);
    }

    protected override void Take(DhtFamily family, KademliaEvent happened)
    {
        if ((happened.Fields?.Id ?? happened.Value?.Id) is not { } id) return;
        lock (_taken)
        {
            if (_taken.Count < MostIds) _taken.Add(id);
        }
    }
}
