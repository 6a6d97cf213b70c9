using Plexus.Protocols;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Searching;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>Gets the values under a key: complete when the closest nodes of every family that has nodes have answered.</summary>
internal sealed class DhtGet(DhtNode owner, Action<DhtValue>? onValue, TimeProvider clock) : DhtOperation
{
    private static readonly Instant Never = new(TimeSpan.MaxValue);

    // How often we look whether a family that has nobody to ask is still so.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    private readonly CollectedValues _collected = new();
    private readonly List<DhtValue> _values = [];
    private readonly Signal _signal = new();

    /// <summary>Waits for all answers.</summary>
    /// <returns>The values that were found; when the limit passed, so far.</returns>
    /// <exception cref="PlexusException">No node answered.</exception>
    public async Task<IReadOnlyList<DhtValue>> WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        while (!IsFinished())
        {
            TimeSpan left = limit - clock.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) break;
            await _signal.WaitAsync(left < LookAgain ? left : LookAgain, clock, cancellationToken);
        }

        if (Halves.All(static half => ((GetOperation)half.Operation).Answers == 0) && _values.Count == 0)
        {
            throw new PlexusException(
                PlexusStage.Rendezvous,
                "No node of the OpenDHT network answered; check the internet connection and the bootstrap hosts.");
        }

        lock (_values) return [.. _values];
    }

    protected override void Take(DhtFamily family, KademliaEvent happened)
    {
        if (happened.Kind == KademliaEventKind.Value && _collected.Add(happened.Value!, InfoHash.Zero, Never))
        {
            lock (_values) _values.Add(happened.Value!);
            onValue?.Invoke(happened.Value!);
        }

        _signal.Set();
    }

    private bool IsFinished()
    {
        // A family that has nobody to ask is waited for only while nothing else has answered and names are looked up.
        bool canBeAlone = !owner.IsResolving || Halves.Any(static half => ((GetOperation)half.Operation).Answers > 0);
        return Halves.All(half => half.Operation.IsFinished || (canBeAlone && owner.StatusOf(half.Family) == DhtStatus.Disconnected));
    }
}
