using System.Runtime.CompilerServices;

namespace Plexus.Protocols.Tubus;

/// <summary>Our stream from the first octet without an echo to the last one written, and the fragments that were cut from it.</summary>
/// <remarks>
/// Fragments lie in a ring in the order of their offsets, which is the order of their making. Those in flight and those given up
/// are chained besides, the former in the order of their last transmission.
/// </remarks>
internal sealed class SendWindow(PagePool pool)
{
    private const int FirstCapacity = 16;

    private readonly PageRing _pages = new(pool);
    private Fragment[] _ring = [];
    private long _first; // The number of the first fragment that is there.
    private long _end; // The number of the next one.
    private long _expected; // Whose echo comes next if nothing is lost.
    private FragmentList _inFlight = new();
    private FragmentList _lost = new();

    /// <summary>All before this offset has been acknowledged.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>All before this offset has been sent at least once.</summary>
    public long Sent { get; private set; }

    /// <summary>The end of what was written.</summary>
    public long Written { get; private set; }

    /// <summary>What is counted as in flight, in bytes, headers included.</summary>
    public long InFlight { get; private set; }

    /// <summary>Fragments that are in flight.</summary>
    public int InFlightCount { get; private set; }

    /// <summary>Bytes that are given up and wait to be sent again.</summary>
    public long LostBytes { get; private set; }

    /// <summary>The fragment whose transmission is the longest ago; none: <see cref="FragmentList.None"/>.</summary>
    public long Oldest => _inFlight.Head;

    /// <summary>The next fragment to be sent again; none: <see cref="FragmentList.None"/>.</summary>
    public long FirstLost => _lost.Head;

    /// <summary>The lowest fragment without an echo; none: <see cref="FragmentList.None"/>.</summary>
    public long Lowest => _first < _end ? _first : FragmentList.None;

    public ref Fragment this[long number]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _ring[(int)number & (_ring.Length - 1)];
    }

    /// <summary>Appends to the stream.</summary>
    public void Write(ReadOnlySpan<byte> data)
    {
        _pages.Write(Written, data);
        Written += data.Length;
    }

    /// <summary>Cuts the next fragment. It is neither in flight nor lost until <see cref="Launch"/>.</summary>
    public long Cut(int length)
    {
        if (_end - _first == _ring.Length) Grow();
        ref Fragment fragment = ref this[_end];
        fragment = new Fragment { Offset = Sent, Length = length, State = FragmentState.Lost };
        Sent += length;
        return _end++;
    }

    /// <summary>Copies a fragment's data.</summary>
    public void CopyTo(in Fragment fragment, Span<byte> buffer) => _pages.Read(fragment.Offset, buffer);

    /// <summary>Counts a fragment as in flight, as the one sent last.</summary>
    public void Launch(long number)
    {
        ref Fragment fragment = ref this[number];
        if (fragment.State == FragmentState.InFlight)
        {
            _inFlight.Remove(this, number);
        }
        else
        {
            if (fragment.Transmissions > 0)
            {
                _lost.Remove(this, number);
                LostBytes -= fragment.Length;
            }

            fragment.State = FragmentState.InFlight;
            InFlight += fragment.Cost;
            InFlightCount++;
        }

        fragment.Transmissions++;
        _inFlight.Append(this, number);
    }

    /// <summary>Gives a fragment in flight up.</summary>
    public void Lose(long number)
    {
        ref Fragment fragment = ref this[number];
        _inFlight.Remove(this, number);
        fragment.State = FragmentState.Lost;
        InFlight -= fragment.Cost;
        InFlightCount--;
        LostBytes += fragment.Length;
        _lost.Append(this, number);
    }

    /// <summary>Finds the fragment that begins at an offset and has no echo yet.</summary>
    public bool TryFind(ulong offset, out long number)
    {
        number = _expected;
        if (number < _first || number >= _end || (ulong)this[number].Offset != offset) number = Search(offset);
        return number < _end && (ulong)this[number].Offset == offset && this[number].State != FragmentState.Acknowledged;
    }

    /// <summary>The first fragment that does not begin before an offset, or the number that the next one will have.</summary>
    public long FirstFrom(ulong offset) => offset <= (ulong)Acknowledged ? _first : Search(offset);

    /// <summary>The number that the next fragment will have.</summary>
    public long End => _end;

    /// <summary>Takes the echo of a fragment that was in flight or lost.</summary>
    public void Acknowledge(long number)
    {
        ref Fragment fragment = ref this[number];
        if (fragment.State == FragmentState.InFlight)
        {
            _inFlight.Remove(this, number);
            InFlight -= fragment.Cost;
            InFlightCount--;
        }
        else
        {
            _lost.Remove(this, number);
            LostBytes -= fragment.Length;
        }

        fragment.State = FragmentState.Acknowledged;
        _expected = number + 1;
        if (number == _first) Advance();
    }

    /// <summary>Gives the pages of the acknowledged part back. Called once for a batch of echoes.</summary>
    public void Release()
    {
        _pages.Release(Acknowledged, isEmpty: Acknowledged == Written);
    }

    /// <summary>Gives up memory when nothing is on its way: an idle stream costs little.</summary>
    public void Trim()
    {
        if (_first == _end) _ring = [];
        _pages.Trim();
    }

    /// <summary>Drops everything: the stream has ended.</summary>
    public void Clear()
    {
        Acknowledged = Sent = Written;
        _first = _end;
        (_inFlight, _lost) = (new(), new());
        InFlight = LostBytes = 0;
        InFlightCount = 0;
        Release();
    }

    private void Advance()
    {
        while (_first < _end && this[_first].State == FragmentState.Acknowledged) _first++;
        Acknowledged = _first < _end ? this[_first].Offset : Sent;
    }

    /// <summary>The first fragment that does not begin before an offset.</summary>
    private long Search(ulong offset)
    {
        long low = _first;
        long high = _end;
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            if ((ulong)this[middle].Offset < offset) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private void Grow()
    {
        Fragment[] ring = new Fragment[Math.Max(FirstCapacity, _ring.Length * 2)];
        for (long n = _first; n < _end; n++) ring[(int)n & (ring.Length - 1)] = this[n];
        _ring = ring;
    }
}
