using System.Diagnostics;

namespace Plexus.Sockets;

/// <summary>Whether a thread that waits for messages stays awake for a moment before it sleeps.</summary>
/// <remarks>
/// To wake a thread on a core that sleeps takes longer than all work on a small message, on virtual machines most of all. So while
/// small messages follow each other as questions and answers do, the next one is awaited awake, in turns with whoever else wants
/// the core. One wait that turns out long, or bulk, which gains nothing by it, ends that. See docs/decisions/0005-data-path.md.
/// </remarks>
internal struct ShortWait
{
    private const int MostCarried = 1024; // bytes between two waits: a question and its answer, not bulk

    private static readonly long Longest = Stopwatch.Frequency / 5_000; // 200 us: longer than an answer on one machine or one wire takes

    private long _start;
    private int _carried; // By any thread: what is lost in a race does no harm.
    private bool _isExpectedShort;

    /// <summary>Notes what the thread, or one whom it waits for, has received or sent.</summary>
    public void NoteCarried(int bytes) => _carried += bytes;

    /// <summary>Begins a wait.</summary>
    public void Begin()
    {
        _start = Stopwatch.GetTimestamp();
        if (_carried > MostCarried) _isExpectedShort = false;
        _carried = 0;
    }

    /// <summary>Whether to look once more before sleeping. Lets others run first.</summary>
    public readonly bool LooksAgain()
    {
        if (!_isExpectedShort || Stopwatch.GetTimestamp() - _start >= Longest) return false;
        Thread.Yield();
        return true;
    }

    /// <summary>Ends a wait: the next one is expected to be like it.</summary>
    public void End() => _isExpectedShort = Stopwatch.GetTimestamp() - _start < Longest;
}
