using Plexus.Protocols;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Searching;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>Hears of the values under a key, those that exist and those that come, until it is disposed.</summary>
internal sealed class DhtListen(Action<DhtValue> onValue, Action<DhtValue>? onExpired, TimeProvider clock) : DhtOperation
{
    // Values end when the nodes say so, which the cores watch.
    private static readonly Instant Never = new(TimeSpan.MaxValue);

    private readonly CollectedValues _values = new(); // Each value once, though both families tell of it.
    private readonly Signal _registered = new();

    /// <summary>At least one node sends us what comes.</summary>
    public bool IsRegistered { get; private set; }

    /// <summary>Waits until the first node sends us what comes.</summary>
    /// <returns>False when the limit passed.</returns>
    public async ValueTask<bool> RegisteredAsync(TimeSpan limit, CancellationToken cancellationToken = default) =>
        IsRegistered || await _registered.WaitAsync(limit, clock, cancellationToken);

    protected override void Take(DhtFamily family, KademliaEvent happened)
    {
        InfoHash source = InfoHash.Zero.WithBit(0, family.LocalEndPoint.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6);
        switch (happened.Kind)
        {
            case KademliaEventKind.Begun:
                IsRegistered = true;
                _registered.Set();
                break;
            case KademliaEventKind.Value when _values.Note(happened.Value!, source, Never) != Novelty.Known:
                onValue(happened.Value!);
                break;
            case KademliaEventKind.Expired:
                foreach (DhtValue ended in _values.End(happened.Value!.Id, source)) onExpired?.Invoke(ended);
                break;
        }
    }
}
