namespace Plexus.Protocols.Tubus;

/// <summary>Stretches of a stream that do not touch, in order, and no more of them than a limit.</summary>
/// <remarks>Made for what arrives behind gaps: additions are mostly at the end, and the first stretch is taken out.</remarks>
/// <param name="limit">The most stretches.</param>
internal sealed class IntervalSet(int limit)
{
    private const int FirstCapacity = 8;

    private (long Start, long End)[] _items = [];
    private int _head; // The items lie behind each other from here, so that taking the first one is cheap.

    /// <summary>How many stretches there are.</summary>
    public int Count { get; private set; }

    /// <summary>A stretch, counted from the lowest.</summary>
    public (long Start, long End) this[int index] => _items[_head + index];

    /// <summary>Adds a stretch, which may overlap others.</summary>
    /// <returns>False when it would be one too many.</returns>
    public bool TryAdd(long start, long end)
    {
        int from = FirstEndingAt(start);
        int to = from;
        while (to < Count && this[to].Start <= end) to++;
        if (to > from)
        {
            _items[_head + from] = (Math.Min(start, this[from].Start), Math.Max(end, this[to - 1].End));
            Remove(from + 1, to - from - 1);
            return true;
        }

        if (Count >= limit) return false;
        Insert(from, (start, end));
        return true;
    }

    /// <summary>Whether one stretch covers all of this one.</summary>
    public bool Covers(long start, long end)
    {
        int at = FirstEndingAt(end);
        return at < Count && this[at].Start <= start;
    }

    /// <summary>Takes out what touches an offset or lies below it.</summary>
    /// <returns>The end of the highest of them, or the offset itself when that is more.</returns>
    public long TakeUpTo(long offset)
    {
        while (Count > 0 && this[0].Start <= offset)
        {
            offset = Math.Max(offset, this[0].End);
            Remove(0, 1);
        }

        return offset;
    }

    public void Clear()
    {
        _items = [];
        _head = Count = 0;
    }

    /// <summary>The first stretch whose end is not below an offset.</summary>
    private int FirstEndingAt(long offset)
    {
        if (Count > 0 && this[Count - 1].End < offset) return Count;
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (this[middle].End < offset) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private void Insert(int index, (long Start, long End) item)
    {
        if (_head + Count == _items.Length)
        {
            (long, long)[] items = Count * 2 >= _items.Length ? new (long, long)[Math.Max(FirstCapacity, _items.Length * 2)] : _items;
            Array.Copy(_items, _head, items, 0, Count);
            (_items, _head) = (items, 0);
        }

        Array.Copy(_items, _head + index, _items, _head + index + 1, Count - index);
        _items[_head + index] = item;
        Count++;
    }

    private void Remove(int index, int count)
    {
        if (index == 0) _head += count;
        else Array.Copy(_items, _head + index + count, _items, _head + index, Count - index - count);
        Count -= count;
        if (Count == 0) _head = 0;
    }
}
