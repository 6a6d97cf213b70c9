namespace Plexus.Protocols.Tubus;

/// <summary>Slots ordered by the time at which they want to be called.</summary>
internal sealed class TubusSlotHeap
{
    private readonly List<TubusSlot> _slots = [];

    /// <summary>The one that is due first.</summary>
    public TubusSlot? First => _slots.Count > 0 ? _slots[0] : null;

    /// <summary>Sets when a slot is due; null takes it out.</summary>
    public void Set(TubusSlot slot, Instant? due)
    {
        if (due is not { } when)
        {
            Remove(slot);
            return;
        }

        slot.Due = when;
        if (slot.HeapIndex == TubusSlot.NotInHeap)
        {
            slot.HeapIndex = _slots.Count;
            _slots.Add(slot);
        }

        Rise(slot.HeapIndex);
        Sink(slot.HeapIndex);
    }

    public void Remove(TubusSlot slot)
    {
        int index = slot.HeapIndex;
        if (index == TubusSlot.NotInHeap) return;
        TubusSlot last = _slots[^1];
        _slots.RemoveAt(_slots.Count - 1);
        slot.HeapIndex = TubusSlot.NotInHeap;
        if (last == slot) return;
        Place(last, index);
        Rise(index);
        Sink(last.HeapIndex);
    }

    private void Rise(int index)
    {
        TubusSlot slot = _slots[index];
        while (index > 0 && slot.Due < _slots[(index - 1) / 2].Due)
        {
            Place(_slots[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }

        Place(slot, index);
    }

    private void Sink(int index)
    {
        TubusSlot slot = _slots[index];
        while (true)
        {
            int child = (index * 2) + 1;
            if (child >= _slots.Count) break;
            if (child + 1 < _slots.Count && _slots[child + 1].Due < _slots[child].Due) child++;
            if (slot.Due <= _slots[child].Due) break;
            Place(_slots[child], index);
            index = child;
        }

        Place(slot, index);
    }

    private void Place(TubusSlot slot, int index)
    {
        _slots[index] = slot;
        slot.HeapIndex = index;
    }
}
