using Plexus.Protocols.Kademlia;

namespace Plexus.Dht;

/// <summary>One thing that the application wants done, in both address families.</summary>
internal abstract class DhtOperation : IDisposable
{
    private readonly List<(DhtFamily Family, KademliaOperation Operation)> _halves = [];
    private bool _isDisposed;

    /// <summary>Begins it in every family.</summary>
    public void Begin(IEnumerable<DhtFamily> families, Func<KademliaNode, Protocols.Instant, KademliaOperation> begin)
    {
        foreach (DhtFamily family in families)
        {
            family.Command((node, now) =>
            {
                KademliaOperation operation = begin(node, now);
                operation.Tag = this; // Its events are taken after this command.
                _halves.Add((family, operation));
                return operation;
            });
        }
    }

    /// <summary>Takes what happened, in the lock of the node: it must return at once.</summary>
    public void OnEvent(DhtFamily family, KademliaEvent happened)
    {
        if (!_isDisposed) Take(family, happened);
    }

    /// <summary>Ends it. Nothing is sent: what others hold for us ends by itself.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        foreach ((DhtFamily family, KademliaOperation operation) in _halves)
        {
            family.Command((node, now) =>
            {
                node.Cancel(operation, now);
                return operation;
            });
        }
    }

    protected IEnumerable<(DhtFamily Family, KademliaOperation Operation)> Halves => _halves;

    protected abstract void Take(DhtFamily family, KademliaEvent happened);
}
