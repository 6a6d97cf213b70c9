using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Plexus.Sockets;

/// <summary>A thread that waits until any of many sockets can be read, and tells those who wait for it. Linux, 64 bits.</summary>
/// <remarks>
/// .NET's own engine wakes one thread, which wakes another one of the pool: twice the price for each small message. What is called here
/// must not block. See docs/decisions/0005-data-path.md, which says the same of datagrams.
/// </remarks>
internal sealed unsafe class ReadableThread : IDisposable
{
    private const int MostFound = 64; // In one system call; the rest comes with the next one.
    private const long Knock = 0; // Not a socket's number.

    // struct epoll_event: 32 bits of events and 64 of our own, which only x86-64 packs.
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventLength = IsPacked ? 12 : 16;
    private static readonly int NumberAt = IsPacked ? 4 : 8;

    private readonly ConcurrentDictionary<long, Action> _watched = new();
    private readonly Lock _lock = new();
    private readonly int _set;
    private readonly int _event;
    private long _numbers = Knock;
    private bool _isDisposed;

    private ReadableThread(int set, int knock)
    {
        (_set, _event) = (set, knock);
        Control(LinuxCalls.EventsAdd, knock, LinuxCalls.EventsIn, Knock);
        new Thread(Run) { IsBackground = true, Name = "plexus readable" }.Start();
    }

    /// <summary>Starts one; null where the system has none.</summary>
    public static ReadableThread? TryStart()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess) return null;
        int set = LinuxCalls.OpenEvents(), knock = LinuxCalls.OpenEvent();
        if (set >= 0 && knock >= 0) return new ReadableThread(set, knock);
        foreach (int descriptor in (int[])[set, knock])
        {
            if (descriptor >= 0) _ = LinuxCalls.Close(descriptor);
        }

        return null;
    }

    /// <summary>Makes a socket known.</summary>
    /// <param name="readable">Called once for each <see cref="TryWait"/>, on the thread.</param>
    /// <returns>Its number; <see cref="Forget"/> it before the socket is closed.</returns>
    public long Add(Action readable)
    {
        long number = Interlocked.Increment(ref _numbers);
        _watched[number] = readable;
        return number;
    }

    /// <summary>Waits until the socket can be read, has ended or has failed.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="handle">The socket.</param>
    /// <param name="isFirst">Whether it is its first time.</param>
    /// <returns>False if the system refuses.</returns>
    public bool TryWait(long number, SafeSocketHandle handle, bool isFirst)
    {
        bool isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            lock (_lock)
            {
                return !_isDisposed && Control(
                    isFirst ? LinuxCalls.EventsAdd : LinuxCalls.EventsModify, (int)handle.DangerousGetHandle(), LinuxCalls.EventsIn | LinuxCalls.EventsOnce, number);
            }
        }
        finally
        {
            if (isHeld) handle.DangerousRelease();
        }
    }

    /// <summary>Nobody waits for this socket any more.</summary>
    public void Forget(long number) => _watched.TryRemove(number, out _);

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            ulong one = 1;
            _ = LinuxCalls.Write(_event, &one, sizeof(ulong));
        }
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
            int count = LinuxCalls.EventsWait(_set, found, MostFound, Timeout.Infinite);
            for (int i = 0; i < count; i++)
            {
                long number = BitConverter.ToInt64(new ReadOnlySpan<byte>(found + (i * EventLength) + NumberAt, sizeof(long)));
                if (_watched.TryGetValue(number, out Action? readable)) readable();
            }
        }

        lock (_lock)
        {
            _ = LinuxCalls.Close(_set);
            _ = LinuxCalls.Close(_event);
        }
    }
}
