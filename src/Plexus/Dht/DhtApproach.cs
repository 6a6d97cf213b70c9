using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>
/// Finds the nodes closest to a key before they are needed, gets their write tokens, and learns which value ids are
/// taken there: a storing node refuses another value under a taken id, and acknowledges it all the same.
/// </summary>
internal sealed class DhtApproach(TimeProvider clock) : DhtOperation
{
    private const int MostIds = 4_096; // Per key; nodes of our kind store 1,024.

    private readonly HashSet<ulong> _taken = [];
    private readonly Signal _answered = new();

    /// <summary>Asks for the ids alone, which are a fraction of the values.</summary>
    public static ValueQuery Ids { get; } = new([ValueField.Id], []);

    /// <summary>Whether a node has told of a value under this id.</summary>
    public bool IsTaken(ulong id)
    {
        lock (_taken) return _taken.Contains(id);
    }

    /// <summary>Waits until the first node has answered; before that nothing can be put here. For one waiter, once.</summary>
    /// <returns>False when the limit passed.</returns>
    public ValueTask<bool> AnsweredAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        _answered.WaitAsync(limit, clock, cancellationToken);

    protected override void Take(DhtFamily family, KademliaEvent happened)
    {
        if (happened.Kind == KademliaEventKind.Begun) _answered.Set();
        if ((happened.Fields?.Id ?? happened.Value?.Id) is not { } id) return;
        lock (_taken)
        {
            if (_taken.Count < MostIds) _taken.Add(id);
        }
    }
}
