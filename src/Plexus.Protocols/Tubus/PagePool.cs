namespace Plexus.Protocols.Tubus;

/// <summary>Pages that stream buffers borrow and give back.</summary>
/// <remarks>
/// It keeps what was needed a moment ago and lets go of what was not: each time <see cref="Trim"/> is called, those pages leave
/// that nobody has borrowed since the call before.
/// </remarks>
internal sealed class PagePool
{
    /// <summary>The length of a page in bytes: a dozen ordinary datagrams, and little for a channel that says a word.</summary>
    public const int PageLength = 1 << PageShift;

    internal const int PageShift = 14;

    /// <summary>How often <see cref="Trim"/> is worth a call.</summary>
    public static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(2);

    private readonly Stack<byte[]> _free = new();
    private int _leastFree; // since the last trim

    /// <summary>Pages that wait for a borrower.</summary>
    public int FreeCount => _free.Count;

    /// <summary>Pages that are borrowed.</summary>
    public int UsedCount { get; private set; }

    public byte[] Borrow()
    {
        UsedCount++;
        if (!_free.TryPop(out byte[]? page)) return GC.AllocateUninitializedArray<byte>(PageLength);
        _leastFree = Math.Min(_leastFree, _free.Count);
        return page;
    }

    public void GiveBack(byte[] page)
    {
        UsedCount--;
        _free.Push(page);
    }

    /// <summary>Lets go of pages that were not needed since the last call.</summary>
    public void Trim()
    {
        for (; _leastFree > 0; _leastFree--) _free.Pop();
        _leastFree = _free.Count;
        if (_leastFree == 0) _free.TrimExcess();
    }
}
