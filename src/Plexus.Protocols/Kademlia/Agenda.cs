namespace Plexus.Protocols.Kademlia;

/// <summary>All timers of a node in one binary heap, so that neither the next deadline nor a change costs a search.</summary>
/// <remarks>An item stands in it once; its memory is one reference for each item, however often its time moves.</remarks>
internal sealed class Agenda
{
    private readonly List<Timed> _heap = [];

    public Instant? Deadline => _heap.Count == 0 ? null : _heap[0].Due;

    public int Count => _heap.Count;

    /// <summary>Puts an item on the agenda, or moves it.</summary>
    public void Set(Timed item, Instant due)
    {
        if (item.AgendaIndex < 0)
        {
            item.AgendaIndex = _heap.Count;
            _heap.Add(item);
        }

        item.Due = due;
        Rise(item.AgendaIndex);
        Sink(item.AgendaIndex);
    }

    /// <summary>Puts an item on the agenda unless it stands there for an earlier time already.</summary>
    public void SetNoLater(Timed item, Instant due)
    {
        if (item.Due is null || due < item.Due) Set(item, due);
    }

    public void Remove(Timed item)
    {
        int index = item.AgendaIndex;
        if (index < 0) return;
        Timed last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        item.AgendaIndex = -1;
        item.Due = null;
        if (ReferenceEquals(last, item)) return;
        Place(last, index);
        Rise(index);
        Sink(last.AgendaIndex);
    }

    /// <summary>Calls everything that is due. What is set for <paramref name="now"/> meanwhile waits for the next call.</summary>
    public void Run(Instant now)
    {
        // The count bounds a chain of items that set one another for now.
        for (int left = _heap.Count; left > 0 && _heap.Count > 0 && _heap[0].Due <= now; left--)
        {
            Timed item = _heap[0];
            Remove(item);
            item.OnDue(now);
        }
    }

    private void Rise(int index)
    {
        Timed item = _heap[index];
        while (index > 0 && item.Due < _heap[(index - 1) / 2].Due)
        {
            Place(_heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }

        Place(item, index);
    }

    private void Sink(int index)
    {
        Timed item = _heap[index];
        while (true)
        {
            int child = 2 * index + 1;
            if (child >= _heap.Count) break;
            if (child + 1 < _heap.Count && _heap[child + 1].Due < _heap[child].Due) child++;
            if (_heap[child].Due >= item.Due) break;
            Place(_heap[child], index);
            index = child;
        }

        Place(item, index);
    }

    private void Place(Timed item, int index)
    {
        _heap[index] = item;
        item.AgendaIndex = index;
    }
}
