using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Plexus.Lab.Namespaces;

/// <summary>The packets on their way in one direction of a line, oldest first, in memory that the collector never moves.</summary>
/// <remarks>Times are <see cref="Stopwatch"/> ticks. A line delays all packets alike, so a ring serves as its timer.</remarks>
internal sealed unsafe class DelayQueue : IDisposable
{
    public const int LargestPacket = 2048; // more than the MTU of 1,500

    // 60 MB/s for 400 ms. Pages that no packet has touched cost nothing.
    private const int Capacity = 16_384;

    private readonly byte* _memory = (byte*)NativeMemory.Alloc(Capacity, LargestPacket);
    private readonly int[] _lengths = new int[Capacity];
    private readonly long[] _due = new long[Capacity];
    private readonly Random _random;
    private readonly double _loss;
    private readonly long _delay;
    private readonly double _ticksPerByte;
    private readonly long _longestWait;
    private long _head;
    private long _tail;
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

    /// <summary>When the oldest packet arrives; <see cref="long.MaxValue"/> while there is none.</summary>
    public long NextDue => _head == _tail ? long.MaxValue : _due[_head % Capacity];

    /// <summary>Where the next packet is to be written, <see cref="LargestPacket"/> bytes long.</summary>
    public byte* Free => _memory + (_tail % Capacity * LargestPacket);

    /// <summary>The oldest packet.</summary>
    public byte* Oldest => _memory + (_head % Capacity * LargestPacket);

    /// <summary>The oldest packet's length.</summary>
    public int OldestLength => _lengths[_head % Capacity];

    /// <summary>Takes the packet that was written to <see cref="Free"/>, or loses it.</summary>
    public void Enter(int length, long now)
    {
        if (_loss > 0 && _random.NextDouble() < _loss)
        {
            Lost++;
            return;
        }

        long start = Math.Max(now, _lineFree);
        // One slot stays unused: it is where the next packet is read to.
        if (_tail - _head >= Capacity - 1 || (_ticksPerByte > 0 && start - now > _longestWait))
        {
            Overflowed++;
            return;
        }

        _lineFree = start + (long)(length * _ticksPerByte);
        _lengths[_tail % Capacity] = length;
        _due[_tail % Capacity] = _lineFree + _delay;
        _tail++;
    }

    /// <summary>Forgets the oldest packet, which was delivered.</summary>
    public void Leave()
    {
        _head++;
        Passed++;
    }

    public void Dispose() => NativeMemory.Free(_memory);
}
