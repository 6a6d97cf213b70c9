namespace Plexus.Protocols.Tubus;

/// <summary>What has arrived of the peer's stream and has not been read: placed by offset, with gaps, up to an announced edge.</summary>
/// <remarks>
/// Data may come twice, out of order, and cut in any way. What lies beyond the edge, or would make one gap too many, is ignored
/// without an acknowledgement; the peer sends it again. Pages are borrowed where data has come, so a peer makes us hold no more
/// than the window.
/// </remarks>
/// <param name="pool">Where pages come from.</param>
/// <param name="size">The window in the beginning, in bytes.</param>
/// <param name="mostSize">The largest it may become.</param>
internal sealed class ReceiveWindow(PagePool pool, int size, int mostSize)
{
    // 16 bytes each. A path of 60 MB/s and 100 ms with a tenth of all datagrams lost has 400 at a time.
    private const int MostGaps = 8192;

    // A closed window opens again at this much, or a quarter: small steps would cut the stream into small datagrams.
    private const int OpeningStep = 16 * 1024;

    private readonly PageRing _pages = new(pool);
    private readonly IntervalSet _beyond = new(MostGaps);
    private int _size = Math.Min(size, mostSize);
    private long _taken; // What has been read, or thrown away.
    private Instant _roundStart;
    private long _takenAtRoundStart;

    /// <summary>All before this offset has arrived.</summary>
    public long Next { get; private set; }

    /// <summary>What waits to be read, in bytes.</summary>
    public long Readable => Next - _taken;

    /// <summary>The announced edge: what lies at it or beyond is not taken.</summary>
    public long Edge { get; private set; } = Math.Min(size, mostSize);

    /// <summary>The size of the window, in bytes.</summary>
    public int Size => _size;

    /// <summary>Whether something has arrived behind a gap.</summary>
    public bool HasGaps => _beyond.Count > 0;

    /// <summary>What has arrived behind gaps.</summary>
    public IntervalSet Beyond => _beyond;

    /// <summary>Whether the edge should be announced anew.</summary>
    public bool WantsEdge { get; private set; }

    /// <summary>Whether the window would grow if the round trip were known: who only receives measures none.</summary>
    public bool WantsRoundTrip { get; private set; }

    /// <summary>Whether arriving data is acknowledged and thrown away.</summary>
    public bool IsDiscarding { get; private set; }

    /// <summary>Datagrams' worth of data that was outside of the window.</summary>
    public long OutsideCount { get; private set; }

    /// <summary>Arrivals that brought nothing new.</summary>
    public long DuplicateCount { get; private set; }

    /// <summary>Takes data that has arrived.</summary>
    /// <returns>Whether it is to be acknowledged.</returns>
    public bool Place(ulong offset, ReadOnlySpan<byte> data)
    {
        if (offset >= (ulong)Edge || Edge - (long)offset < data.Length)
        {
            OutsideCount++;
            return false;
        }

        long start = (long)offset;
        long end = start + data.Length;
        if (end <= Next)
        {
            DuplicateCount++;
            return true;
        }

        if (start > Next)
        {
            if (_beyond.Covers(start, end))
            {
                DuplicateCount++;
                return true;
            }

            if (!_beyond.TryAdd(start, end)) return false;
            if (!IsDiscarding) _pages.Write(start, data);
            return true;
        }

        if (!IsDiscarding) _pages.Write(Next, data[(int)(Next - start)..]);
        Next = end;
        if (_beyond.Count > 0) Next = _beyond.TakeUpTo(end);
        if (IsDiscarding) Take(Next - _taken);
        return true;
    }

    /// <summary>Reads what is there.</summary>
    /// <param name="buffer">Where it goes.</param>
    /// <param name="roundTrip">The path's, by which the window is fitted to the reader's speed; null while it is not known well.</param>
    /// <param name="now">The time.</param>
    public int Read(Span<byte> buffer, TimeSpan? roundTrip, Instant now)
    {
        int length = (int)Math.Min(buffer.Length, Readable);
        if (length == 0) return 0;
        _pages.Read(_taken, buffer[..length]);
        Take(length);
        if (_size < mostSize) Fit(roundTrip, now);
        return length;
    }

    /// <summary>Moves the edge to where it may be, and says where.</summary>
    public ulong Announce()
    {
        WantsEdge = false;
        Edge = Math.Max(Edge, _taken + _size);
        return (ulong)Edge;
    }

    /// <summary>Gives up memory when nothing waits.</summary>
    public void Trim() => _pages.Trim();

    /// <summary>Throws away what is there and what will come.</summary>
    public void Discard()
    {
        IsDiscarding = true;
        Take(Next - _taken);
        _pages.Release(Next, isEmpty: true);
    }

    /// <summary>Gives back what lies behind gaps: the stream has ended.</summary>
    public void DropBeyond()
    {
        _beyond.Clear();
        if (Readable == 0) _pages.Release(Next, isEmpty: true);
    }

    private void Take(long length)
    {
        _taken += length;
        _pages.Release(_taken, isEmpty: Readable == 0 && _beyond.Count == 0);
        long freed = _taken + _size - Edge;
        bool isClosed = Edge - Next < OpeningStep;
        if (freed >= _size / 4 || (isClosed && freed >= Math.Min(OpeningStep, _size / 4))) WantsEdge = true;
    }

    /// <summary>
    /// Doubles the window when the reader takes a quarter of it within a round trip: then the window, not the reader, may be what
    /// holds the peer up. Dynamic right-sizing, as Linux does it. A sender doubles its rate each round trip in the beginning, and a lost
    /// piece takes another round trip while all that follows waits.
    /// </summary>
    private void Fit(TimeSpan? roundTrip, Instant now)
    {
        long takenInAll = _taken - _takenAtRoundStart;
        WantsRoundTrip = roundTrip is null && takenInAll >= _size / 4;
        if (roundTrip is not { } round) return;
        TimeSpan elapsed = now - _roundStart;
        if (elapsed < round) return;
        double taken = takenInAll * (round / elapsed); // Behind a gap a round is longer.
        _roundStart = now;
        _takenAtRoundStart = _taken;
        if (taken < _size / 4.0 || Readable > _size / 2) return;
        _size = (int)Math.Min(mostSize, _size * 2L);
        WantsEdge = true;
    }
}
