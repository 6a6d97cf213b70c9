namespace Plexus.Protocols.Tubus;

/// <summary>Numbers to be sent back, in order. What is too much is dropped: the peer asks again.</summary>
internal sealed class EchoQueue(int limit)
{
    private const int FirstCapacity = 8;

    private ulong[] _numbers = [];
    private int _head;

    public int Count { get; private set; }

    public void Add(ulong number)
    {
        if (Count == _numbers.Length)
        {
            if (Count >= limit) return;
            Grow();
        }

        _numbers[(_head + Count++) & (_numbers.Length - 1)] = number;
    }

    public ulong Take()
    {
        ulong number = _numbers[_head];
        _head = (_head + 1) & (_numbers.Length - 1);
        Count--;
        return number;
    }

    /// <summary>Drops the numbers below one, and those in stretches.</summary>
    public void RemoveAll(ReadOnlySpan<(long Start, long End)> stretches, long below)
    {
        for (int left = Count; left > 0; left--)
        {
            ulong number = Take();
            bool isIn = number < (ulong)below;
            foreach ((long start, long end) in stretches) isIn |= number >= (ulong)start && number < (ulong)end;
            if (!isIn) Add(number);
        }
    }

    public void Clear() => (_numbers, _head, Count) = ([], 0, 0);

    private void Grow()
    {
        ulong[] numbers = new ulong[Math.Max(FirstCapacity, _numbers.Length * 2)];
        for (int i = 0; i < Count; i++) numbers[i] = _numbers[(_head + i) & (_numbers.Length - 1)];
        (_numbers, _head) = (numbers, 0);
    }
}
