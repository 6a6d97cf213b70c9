using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Plexus.Sockets;

/// <summary>A thread that waits until any of many sockets is ready, and tells those who wait for it. Linux, 64 bits.</summary>
/// <remarks>
/// <para>
/// .NET's own engine wakes one thread, which wakes another one of the pool: twice the price for each small message. What is called here
/// must not block. See docs/decisions/0005-data-path.md, which says the same of datagrams.
/// </para>
/// <para>While somebody who is awake anyway stands in for it, the thread sleeps through what becomes ready.</para>
/// </remarks>
internal sealed unsafe class ReadinessThread : IDisposable
{
    private const int MostFound = 64; // In one system call; the rest comes with the next one.
    private const long Knock = 0; // Not a socket's number.

    // struct epoll_event: 32 bits of events and 64 of our own, which only x86-64 packs.
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventLength = IsPacked ? 12 : 16;
    private static readonly int NumberAt = IsPacked ? 4 : 8;

    private static readonly Lazy<ReadinessThread?> ForAll = new(TryStart);

    private readonly ConcurrentDictionary<long, Action> _watched = new();
    private readonly Lock _lock = new();
    private readonly int _set;
    private readonly int _event;
    private readonly AutoResetEvent _resumed = new(false);
    private volatile bool _isStoodInFor;
    private long _numbers = Knock;
    private bool _isDisposed;

    private ReadinessThread(int set, int knock)
    {
        (_set, _event) = (set, knock);
        Control(LinuxCalls.EventsAdd, knock, LinuxCalls.EventsIn, Knock);
        new Thread(Run) { IsBackground = true, Name = "plexus readiness" }.Start();
    }

    /// <summary>The one for sockets that need none of their own; null where the system has none. It lives as long as the process.</summary>
    public static ReadinessThread? Shared => ForAll.Value;

    /// <summary>Starts one; null where the system has none.</summary>
    public static ReadinessThread? TryStart()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess) return null;
        int set = LinuxCalls.OpenEvents(), knock = LinuxCalls.OpenEvent();
        if (set >= 0 && knock >= 0) return new ReadinessThread(set, knock);
        foreach (int descriptor in (int[])[set, knock])
        {
            if (descriptor >= 0) _ = LinuxCalls.Close(descriptor);
        }

        return null;
    }

    /// <summary>Makes a socket known.</summary>
    /// <param name="ready">Called once for each <see cref="TryWait"/>, on the thread.</param>
    /// <returns>Its number; <see cref="Forget"/> it before the socket is closed.</returns>
    public long Add(Action ready)
    {
        long number = Interlocked.Increment(ref _numbers);
        _watched[number] = ready;
        return number;
    }

    /// <summary>Waits until the socket can be read or written, has ended or has failed.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="handle">The socket.</param>
    /// <param name="isFirst">Whether it is its first time.</param>
    /// <param name="toWrite">Whether it is to be written, instead of read.</param>
    /// <returns>False if the system refuses.</returns>
    public bool TryWait(long number, SafeSocketHandle handle, bool isFirst, bool toWrite = false)
    {
        using LinuxDescriptor held = new(handle);
        if (held.IsClosed) return false;
        uint events = (toWrite ? LinuxCalls.EventsOut : LinuxCalls.EventsIn) | LinuxCalls.EventsOnce;
        lock (_lock)
        {
            return !_isDisposed && Control(isFirst ? LinuxCalls.EventsAdd : LinuxCalls.EventsModify, held.Number, events, number);
        }
    }

    /// <summary>Nobody waits for this socket any more.</summary>
    public void Forget(long number) => _watched.TryRemove(number, out _);

    /// <summary>Begins to stand in for the thread: from now on the caller calls <see cref="TryRun"/>, again and again.</summary>
    public void BeginStandIn()
    {
        if (_isStoodInFor) return;
        lock (_lock)
        {
            _isStoodInFor = !_isDisposed;
            if (_isStoodInFor) MakeItLook();
        }
    }

    /// <summary>Leaves the sockets to the thread again.</summary>
    public void EndStandIn()
    {
        if (!_isStoodInFor) return;
        lock (_lock)
        {
            _isStoodInFor = false;
            if (!_isDisposed) _resumed.Set();
        }
    }

    /// <summary>Does on the caller's thread what is to be done just now.</summary>
    /// <returns>Whether there was something.</returns>
    public bool TryRun()
    {
        byte* found = stackalloc byte[MostFound * EventLength];
        int count;
        lock (_lock)
        {
            if (_isDisposed) return false; // The descriptors may be somebody else's by now.
            count = LinuxCalls.EventsWait(_set, found, MostFound, 0);
        }

        return Tell(found, count);
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            MakeItLook();
            _resumed.Set();
        }
    }

    /// <summary>Wakes the thread, for it to see what has changed.</summary>
    private void MakeItLook()
    {
        ulong one = 1;
        _ = LinuxCalls.Write(_event, &one, sizeof(ulong));
    }

    private bool Control(int operation, int descriptor, uint events, long number)
    {
        byte* wanted = stackalloc byte[EventLength];
        Span<byte> text = new(wanted, EventLength);
        text.Clear();
        BitConverter.TryWriteBytes(text, events);
        BitConverter.TryWriteBytes(text[NumberAt..], number);
        return LinuxCalls.EventsControl(_set, operation, descriptor, wanted) == 0;
    }

    private void Run()
    {
        byte* found = stackalloc byte[MostFound * EventLength];
        while (!Volatile.Read(ref _isDisposed))
        {
            if (_isStoodInFor)
            {
                _resumed.WaitOne();
                continue;
            }

            int count = LinuxCalls.EventsWait(_set, found, MostFound, Timeout.Infinite);
            Tell(found, count);
            ulong knocks;
            _ = LinuxCalls.Read(_event, &knocks, sizeof(ulong)); // Seldom any. What they were for is looked at next.
        }

        lock (_lock)
        {
            _ = LinuxCalls.Close(_set);
            _ = LinuxCalls.Close(_event);
        }

        _resumed.Dispose();
    }

    private bool Tell(byte* found, int count)
    {
        bool isAny = false;
        for (int i = 0; i < count; i++)
        {
            long number = BitConverter.ToInt64(new ReadOnlySpan<byte>(found + (i * EventLength) + NumberAt, sizeof(long)));
            if (!_watched.TryGetValue(number, out Action? ready)) continue;
            isAny = true;
            ready();
        }

        return isAny;
    }
}
