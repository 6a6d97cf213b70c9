using System.Diagnostics.CodeAnalysis;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Sockets;

namespace Plexus.Rendezvous.Dht;

/// <summary>Values on their way from the node, which must not wait, to the rendezvous, which opens them.</summary>
internal sealed class ValueQueue
{
    private const int Capacity = 1024; // Of values that anybody may put: beyond this the oldest is dropped.

    private readonly Queue<DhtValue> _values = [];
    private readonly Signal _signal = new();

    /// <summary>Values that were dropped because nobody took them in time.</summary>
    public long Dropped { get; private set; }

    public void Add(DhtValue value)
    {
        lock (_values)
        {
            if (_values.Count == Capacity)
            {
                _values.Dequeue();
                Dropped++;
            }

            _values.Enqueue(value);
        }

        _signal.Set();
    }

    public bool TryTake([NotNullWhen(true)] out DhtValue? value)
    {
        lock (_values) return _values.TryDequeue(out value);
    }

    /// <summary>Waits for a value, as long as allowed.</summary>
    /// <returns>False when the limit passed.</returns>
    public ValueTask<bool> WaitAsync(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken) =>
        _signal.WaitAsync(limit, clock, cancellationToken);
}
