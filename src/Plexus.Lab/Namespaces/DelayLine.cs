using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Plexus.Lab.Namespaces;

/// <summary>A line between two namespaces that delays, loses and limits what goes over it, as a kernel's netem would.</summary>
/// <remarks>
/// It joins two TUN devices by one thread, which delivers what is due, reads all that has come, and sleeps until the next
/// packet is due. It allocates nothing while it runs. A line is a wire: it is no hop, and counts down no time-to-live.
/// </remarks>
internal sealed unsafe class DelayLine : IDisposable
{
    private const int Batch = 64; // packets read before what is due gets its turn again
    private const long Nanoseconds = 1_000_000_000;

    // A sleeper wakes up about this late, in nanoseconds, longer on a virtual machine: the rest is waited for awake.
    private const long WakesLate = 150_000;

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
        while (entries[2].Happened == 0)
        {
            Deliver(_rightwards, _right.File);
            Deliver(_leftwards, _left.File);
            bool more = Collect(_rightwards, _left.File) | Collect(_leftwards, _right.File);
            long wait = more ? 0 : Math.Min(_rightwards.NextDue, _leftwards.NextDue) - Stopwatch.GetTimestamp();
            // Stopwatch ticks are nanoseconds on Linux.
            wait = Math.Clamp(wait - WakesLate, 0, Nanoseconds);
            Libc.TimeSpec timeout = new() { Seconds = wait / Nanoseconds, Nanoseconds = wait % Nanoseconds };
            _ = Libc.Poll(entries, 3, &timeout, null);
        }
    }

    private static void Deliver(DelayQueue queue, int file)
    {
        while (queue.NextDue <= Stopwatch.GetTimestamp())
        {
            // A packet that the kernel refuses (device down) is gone, as on a wire that was cut.
            _ = Libc.Write(file, queue.Oldest, (nuint)queue.OldestLength);
            queue.Leave();
        }
    }

    /// <returns>True when there may be more to read.</returns>
    private static bool Collect(DelayQueue queue, int file)
    {
        for (int i = 0; i < Batch; i++)
        {
            nint length = Libc.Read(file, queue.Free, DelayQueue.LargestPacket);
            if (length <= 0) return length < 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted;
            queue.Enter((int)length, Stopwatch.GetTimestamp());
        }

        return true;
    }
}
