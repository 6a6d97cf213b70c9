using Plexus.Protocols.Kademlia;

namespace Plexus.Dht;

/// <summary>Finds the nodes closest to a key before they are needed, and gets their write tokens.</summary>
internal sealed class DhtApproach : DhtOperation
{
    /// <summary>Asks for an id that no value has: the answer is nodes and a token, never values.</summary>
    public static ValueQuery Nothing { get; } = new([ValueField.Id], [ValueCondition.Id(0)]);

    protected override void Take(DhtFamily family, KademliaEvent happened)
    {
        // What it brings stays in the search, for the put that follows.
    }
}
