using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>A value on its way to the nodes closest to its key. Disposing it withdraws what is still on its way.</summary>
/// <remarks>Each of its tasks is for one waiter.</remarks>
internal sealed class DhtPut(DhtValue value, TimeProvider clock) : DhtOperation
{
    private readonly Signal _taken = new();
    private readonly Signal _complete = new();
    private int _completeFamilies;

    public DhtValue Value { get; } = value;

    /// <summary>At least one node has acknowledged it. That does not prove that it stored the value.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>The closest nodes have all acknowledged it, in at least one family.</summary>
    public bool IsComplete => _completeFamilies > 0;

    /// <summary>Nodes that have acknowledged it, in both families.</summary>
    public int Acknowledged => Halves.Sum(static half => ((PutOperation)half.Operation).Acknowledged);

    /// <summary>Waits until the first node has taken the value.</summary>
    /// <exception cref="PlexusException">None did in time.</exception>
    public Task TakenAsync(TimeSpan limit, CancellationToken cancellationToken = default) =>
        WaitAsync(_taken, () => IsTaken, limit, cancellationToken);

    /// <summary>Waits until the closest nodes have all taken the value, in the family that is faster.</summary>
    /// <exception cref="PlexusException">They did not in time.</exception>
    public Task CompleteAsync(TimeSpan limit, CancellationToken cancellationToken = default) =>
        WaitAsync(_complete, () => IsComplete, limit, cancellationToken);

    protected override void Take(DhtFamily family, KademliaEvent happened)
    {
        if (happened.Kind == KademliaEventKind.Complete) _completeFamilies++;
        if (happened.Kind is KademliaEventKind.Begun or KademliaEventKind.Complete) IsTaken = true;
        if (IsTaken) _taken.Set();
        if (IsComplete) _complete.Set();
    }

    private async Task WaitAsync(Signal signal, Func<bool> isReached, TimeSpan limit, CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        while (!isReached())
        {
            TimeSpan left = limit - clock.GetElapsedTime(start);
            if (left > TimeSpan.Zero && await signal.WaitAsync(left, clock, cancellationToken)) continue;
            if (isReached()) return;
            throw new PlexusException(
                PlexusStage.Rendezvous,
                $"No node of the OpenDHT network took the value within {limit.TotalSeconds:0} s; check the bootstrap hosts and the firewall.");
        }
    }
}
