using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Plexus.Lab.Namespaces;

/// <summary>The frames on their way in one direction of a line, oldest first, in memory that the collector never moves.</summary>
/// <remarks>
/// Times are <see cref="Stopwatch"/> ticks. A line delays all packets alike, so a ring serves as its timer. Loss, rate and queue
/// act on each segment of a frame; the segments that are left of it are kept as runs, and leave as runs.
/// </remarks>
internal sealed unsafe class DelayQueue : IDisposable
{
    // 200 MB/s for 300 ms, in frames of at least a kilobyte. Pages that nothing has touched cost nothing.
    private const long Bytes = 64 * 1024 * 1024;
    private const int Runs = 64 * 1024;

    private readonly byte* _memory = (byte*)NativeMemory.Alloc((nuint)Bytes);
    private readonly DelayedRun* _runs = (DelayedRun*)NativeMemory.Alloc(Runs, (nuint)sizeof(DelayedRun));
    private readonly Random _random;
    private readonly double _loss;
    private readonly long _delay;
    private readonly double _ticksPerByte;
    private readonly long _longestWait;
    private long _head; // of the runs
    private long _tail;
    private long _end; // where the newest frame ends
    private long _lineFree;

    public DelayQueue(DelayLineOptions options, int direction)
    {
        _random = new Random(options.Seed + direction);
        _loss = options.Loss;
        _delay = (long)(options.Delay.TotalSeconds * Stopwatch.Frequency);
        _ticksPerByte = options.BitsPerSecond == 0 ? 0 : 8.0 * Stopwatch.Frequency / options.BitsPerSecond;
        _longestWait = (long)(options.QueueBytes * _ticksPerByte);
    }

    /// <summary>Packets that went through.</summary>
    public long Passed { get; private set; }

    /// <summary>Packets lost by chance.</summary>
    public long Lost { get; private set; }

    /// <summary>Packets dropped because the queue was full.</summary>
    public long Overflowed { get; private set; }

    /// <summary>When the oldest segment arrives; <see cref="long.MaxValue"/> while there is none.</summary>
    public long NextDue => _head == _tail ? long.MaxValue : _runs[_head % Runs].Due;

    /// <summary>Where the next frame is to be written, <see cref="TunFrame.Largest"/> bytes long.</summary>
    /// <remarks>There is always room: where the ring is full, the frame that comes is dropped.</remarks>
    public byte* MakeRoom()
    {
        // A frame lies in one piece.
        if (Bytes - (_end % Bytes) < TunFrame.Largest) _end += Bytes - (_end % Bytes);
        return _memory + (_end % Bytes);
    }

    /// <summary>The oldest segments.</summary>
    public ref DelayedRun Oldest => ref _runs[_head % Runs];

    /// <summary>Where the oldest frame begins that is still needed.</summary>
    private long Begin => _head == _tail ? _end : _runs[_head % Runs].Frame;

    /// <summary>The frame of a run.</summary>
    public TunFrame FrameOf(in DelayedRun run) => new(_memory + (run.Frame % Bytes), run.FrameLength);

    /// <summary>Where the frame of a run lies.</summary>
    public byte* BytesOf(in DelayedRun run) => _memory + (run.Frame % Bytes);

    /// <summary>Takes the frame that was written to <see cref="MakeRoom"/>, or what is not lost of it.</summary>
    public void Enter(int length, long now)
    {
        TunFrame frame = new(MakeRoom(), length);
        DelayedRun run = new() { Frame = _end, FrameLength = length };
        long first = _tail;
        for (int i = 0; i < frame.Segments; i++)
        {
            if (_loss > 0 && _random.NextDouble() < _loss)
            {
                Lost++;
                Close(ref run, i);
                continue;
            }

            long start = Math.Max(now, _lineFree);
            // The frame that comes next must find room, too.
            bool full = _tail - _head >= Runs - 1 || _end + length + (2 * TunFrame.Largest) - Begin > Bytes;
            if (full || (_ticksPerByte > 0 && start - now > _longestWait))
            {
                Overflowed++;
                Close(ref run, i);
                continue;
            }

            _lineFree = start + (long)(frame.SegmentLength(i) * _ticksPerByte);
            run.LastDue = _lineFree + _delay;
            if (run.Count == 0) run.Due = run.LastDue;
            else if (run.Count == 1) run.Spacing = run.LastDue - run.Due;
            run.Count++;
        }

        Close(ref run, frame.Segments);
        if (_tail != first) _end += length;
    }

    /// <summary>Forgets the oldest segments, which were delivered.</summary>
    public void Leave(int count)
    {
        Passed += count;
        ref DelayedRun run = ref Oldest;
        run.First += count;
        run.Count -= count;
        run.Due = run.Count == 1 ? run.LastDue : run.Due + (count * run.Spacing);
        if (run.Count == 0) _head++;
    }

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        NativeMemory.Free(_runs);
    }

    /// <summary>Keeps a run that ends before a segment, if there is one; the next can begin behind that.</summary>
    private void Close(ref DelayedRun run, int index)
    {
        if (run.Count > 0) _runs[_tail++ % Runs] = run;
        run = new() { Frame = run.Frame, FrameLength = run.FrameLength, First = index + 1 };
    }
}
