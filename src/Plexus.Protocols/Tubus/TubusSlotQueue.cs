namespace Plexus.Protocols.Tubus;

/// <summary>Slots in order of arrival, chained through themselves: those that are ready to send.</summary>
internal sealed class TubusSlotQueue
{
    private TubusSlot? _tail;

    public TubusSlot? Head { get; private set; }

    /// <summary>Adds a slot that is not in it.</summary>
    public void Add(TubusSlot slot)
    {
        if (slot.IsReady) return;
        slot.IsReady = true;
        if (_tail is null) Head = slot;
        else _tail.NextReady = slot;
        _tail = slot;
    }

    /// <summary>Takes the first one out.</summary>
    public void RemoveHead()
    {
        TubusSlot slot = Head!;
        Head = slot.NextReady;
        if (Head is null) _tail = null;
        slot.NextReady = null;
        slot.IsReady = false;
    }
}
