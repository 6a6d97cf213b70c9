namespace Plexus.Protocols.Tubus;

/// <summary>A stretch of a stream in borrowed pages, addressed by stream offset.</summary>
/// <remarks>Offsets below the released part must not be used again. Pages come when they are written.</remarks>
internal sealed class PageRing(PagePool pool)
{
    private const int FirstCapacity = 4;

    private byte[]?[] _pages = []; // Page n of the stream lies at n modulo the length, a power of two.
    private long _first; // The first page that may be there.
    private long _end; // Behind the last page that may be there.

    /// <summary>Puts data where it belongs.</summary>
    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            Span<byte> part = PageAt(offset >> PagePool.PageShift).AsSpan((int)(offset & (PagePool.PageLength - 1)));
            int length = Math.Min(part.Length, data.Length);
            data[..length].CopyTo(part);
            data = data[length..];
            offset += length;
        }
    }

    /// <summary>Copies data that was written.</summary>
    public void Read(long offset, Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            ReadOnlySpan<byte> part = _pages[(int)(offset >> PagePool.PageShift) & (_pages.Length - 1)]
                .AsSpan((int)(offset & (PagePool.PageLength - 1)));
            int length = Math.Min(part.Length, buffer.Length);
            part[..length].CopyTo(buffer);
            buffer = buffer[length..];
            offset += length;
        }
    }

    /// <summary>Gives back all pages that lie below an offset.</summary>
    /// <param name="offset">The first that is still wanted.</param>
    /// <param name="isEmpty">Whether nothing above it has been written either: then the page around it goes, too.</param>
    public void Release(long offset, bool isEmpty)
    {
        long keep = offset >> PagePool.PageShift;
        long until = isEmpty ? _end : Math.Min(keep, _end);
        for (; _first < until && _pages.Length > 0; _first++)
        {
            ref byte[]? page = ref _pages[(int)_first & (_pages.Length - 1)];
            if (page is null) continue;
            pool.GiveBack(page);
            page = null;
        }

        _first = keep;
        if (_end < _first) _end = _first;
    }

    /// <summary>Gives up memory when there is nothing.</summary>
    public void Trim()
    {
        if (Array.TrueForAll(_pages, static p => p is null)) _pages = [];
    }

    private byte[] PageAt(long number)
    {
        if (number >= _end)
        {
            if (number - _first >= _pages.Length) Grow(number);
            _end = number + 1;
        }

        else if (_pages.Length == 0)
        {
            Grow(number);
        }

        return _pages[(int)number & (_pages.Length - 1)] ??= pool.Borrow();
    }

    private void Grow(long number)
    {
        int capacity = Math.Max(_pages.Length, FirstCapacity);
        while (number - _first >= capacity) capacity *= 2;
        byte[]?[] pages = new byte[]?[capacity];
        for (long n = _first; n < _end && _pages.Length > 0; n++) pages[(int)n & (capacity - 1)] = _pages[(int)n & (_pages.Length - 1)];
        _pages = pages;
    }
}
