using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Plexus.Lab.Namespaces;

/// <summary>A line between two namespaces that delays, loses and limits what goes over it, as a kernel's netem would.</summary>
/// <remarks>
/// It joins two TUN devices by one thread, which delivers what is due, reads all that has come, and sleeps until the next
/// packet is due. It allocates nothing while it runs. A line is a wire: it is no hop, and counts down no time-to-live. Packets that
/// the kernel has joined for segmentation stay joined as far as they arrive together, so that a line carries some hundred megabytes
/// a second; but each is delayed, lost or made to wait for itself.
/// </remarks>
internal sealed unsafe class DelayLine : IDisposable
{
    private const int Batch = 256 * 1024; // bytes read before what is due gets its turn again
    private const int LeastCost = 4096; // a small packet takes as long as so many bytes
    private const long Nanoseconds = 1_000_000_000;

    // A sleeper wakes up about this late, in nanoseconds, longer on a virtual machine: the rest is waited for awake,
    private const long WakesLate = 150_000;

    // but not on a busy line: it would take a processor from those who are measured. There packets leave a few at a time.
    private const long Busy = 1_000_000; // since the last one, in nanoseconds
    private const long BusyPause = 100_000;

    private readonly TunDevice _left;
    private readonly TunDevice _right;
    private readonly DelayQueue _rightwards;
    private readonly DelayQueue _leftwards;
    private readonly int _stop = Libc.CreateEvent(0, Libc.CloseOnExec);
    private readonly Thread _thread;
    private bool _disposed;

    private DelayLine(TunDevice left, TunDevice right, DelayLineOptions options)
    {
        (_left, _right) = (left, right);
        _rightwards = new DelayQueue(options, direction: 0);
        _leftwards = new DelayQueue(options, direction: 1);
        _thread = new Thread(Run) { Name = "delay line", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Packets that went through, both directions together.</summary>
    public long Passed => _rightwards.Passed + _leftwards.Passed;

    /// <summary>Packets lost by chance.</summary>
    public long Lost => _rightwards.Lost + _leftwards.Lost;

    /// <summary>Packets that found the queue full.</summary>
    public long Overflowed => _rightwards.Overflowed + _leftwards.Overflowed;

    /// <summary>Makes a device in each of two namespaces, and the line between them. The devices need addresses and "up".</summary>
    /// <exception cref="InvalidOperationException">TUN devices are not to be had: no root, or no /dev/net/tun.</exception>
    public static DelayLine Start(
        NetworkNamespace left, string leftDevice, NetworkNamespace right, string rightDevice, DelayLineOptions options)
    {
        TunDevice first = new(left, leftDevice);
        try
        {
            return new DelayLine(first, new TunDevice(right, rightDevice), options);
        }
        catch
        {
            first.Dispose();
            throw;
        }
    }

    /// <summary>Ends the line; its devices vanish.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        long one = 1;
        _ = Libc.Write(_stop, (byte*)&one, sizeof(long));
        _thread.Join();
        _ = Libc.Close(_stop);
        _left.Dispose();
        _right.Dispose();
        _leftwards.Dispose();
        _rightwards.Dispose();
    }

    // Optimized at once: a loop that never ends would not be compiled again.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run()
    {
        // The kernel wakes a sleeper 50 us late to save power. We want it exact, and before ordinary threads where we may.
        _ = Libc.ControlThread(Libc.SetTimerSlack, 1, 0, 0, 0);
        int priority = 1;
        _ = Libc.SetScheduler(0, Libc.FirstInFirstOut, &priority);
        Libc.PollEntry* entries = stackalloc Libc.PollEntry[3];
        entries[0] = new() { File = _left.File, Wanted = Libc.PollIn };
        entries[1] = new() { File = _right.File, Wanted = Libc.PollIn };
        entries[2] = new() { File = _stop, Wanted = Libc.PollIn };
        long delivered = 0;
        while (entries[2].Happened == 0)
        {
            if (Deliver(_rightwards, _right.File) | Deliver(_leftwards, _left.File)) delivered = Stopwatch.GetTimestamp();
            bool more = Collect(_rightwards, _left.File) | Collect(_leftwards, _right.File);
            long wait = 0;
            if (!more)
            {
                // Stopwatch ticks are nanoseconds on Linux.
                long now = Stopwatch.GetTimestamp();
                wait = Math.Min(_rightwards.NextDue, _leftwards.NextDue) - now;
                wait = now - delivered < Busy ? Math.Max(wait, BusyPause) : wait - WakesLate;
                wait = Math.Clamp(wait, 0, Nanoseconds);
            }

            Libc.TimeSpec timeout = new() { Seconds = wait / Nanoseconds, Nanoseconds = wait % Nanoseconds };
            _ = Libc.Poll(entries, 3, &timeout, null);
        }
    }

    /// <returns>True when something was delivered.</returns>
    private static bool Deliver(DelayQueue queue, int file)
    {
        bool any = false;
        while (queue.NextDue <= Stopwatch.GetTimestamp())
        {
            int count = queue.Oldest.CountDue(Stopwatch.GetTimestamp());
            // A packet that the kernel refuses (device down) is gone, as on a wire that was cut.
            Send(queue, file, count);
            queue.Leave(count);
            any = true;
        }

        return any;
    }

    private static void Send(DelayQueue queue, int file, int count)
    {
        ref DelayedRun run = ref queue.Oldest;
        TunFrame frame = queue.FrameOf(run);
        if (count == frame.Segments)
        {
            _ = Libc.Write(file, queue.BytesOf(run), (nuint)frame.Length);
            return;
        }

        byte* headers = stackalloc byte[TunFrame.LargestHeaders];
        Libc.Piece* pieces = stackalloc Libc.Piece[2];
        pieces[0] = new() { Begin = headers, Length = (nuint)frame.Cut(run.First, count, headers, out byte* payload, out int length) };
        pieces[1] = new() { Begin = payload, Length = (nuint)length };
        _ = Libc.Write(file, pieces, 2);
    }

    /// <returns>True when there may be more to read.</returns>
    private static bool Collect(DelayQueue queue, int file)
    {
        for (long read = 0; read < Batch;)
        {
            nint length = Libc.Read(file, queue.MakeRoom(), TunFrame.Largest);
            if (length <= 0) return length < 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted;
            read += Math.Max(length, LeastCost);
            if (length > TunFrame.OffloadHeader) queue.Enter((int)length, Stopwatch.GetTimestamp());
        }

        return true;
    }
}
