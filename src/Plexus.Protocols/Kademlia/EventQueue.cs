namespace Plexus.Protocols.Kademlia;

/// <summary>Results that wait for the application.</summary>
internal sealed class EventQueue(KademliaCounters counters)
{
    // More than one message brings; the application takes them between messages.
    private const int Capacity = 8192;

    private readonly Queue<KademliaEvent> _queue = new();

    public void Add(KademliaEvent happened)
    {
        if (_queue.Count >= Capacity) counters.LostEvents++;
        else _queue.Enqueue(happened);
    }

    public bool TryTake(out KademliaEvent happened) => _queue.TryDequeue(out happened);
}
