using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Plexus.Sockets;

/// <summary>A thread that waits for one socket's datagrams and runs what awaits them.</summary>
/// <remarks>
/// .NET's own engine wakes one thread, which wakes another one of the pool: twice the price for each datagram that comes alone.
/// See docs/decisions/0005-data-path.md.
/// </remarks>
internal sealed unsafe class ReceiveThread : IValueTaskSource, IDisposable
{
    private readonly Lock _lock = new();
    private readonly SafeSocketHandle _socket;
    private readonly int _event;
    private ManualResetValueTaskSourceCore<bool> _source;
    private Thread? _thread;
    private bool _isWanted;
    private bool _isDisposed;

    /// <exception cref="SocketException">The process has no descriptor left.</exception>
    public ReceiveThread(SafeSocketHandle socket)
    {
        _socket = socket;
        _event = LinuxCalls.OpenEvent();
        if (_event < 0) throw new SocketException((int)SocketError.TooManyOpenSockets);
    }

    /// <summary>Waits until the socket can be read. One wait at a time.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public ValueTask WaitAsync()
    {
        lock (_lock)
        {
            if (_isDisposed) return ValueTask.FromException(new ObjectDisposedException(nameof(ReceiveThread)));
            if (_isWanted) throw new InvalidOperationException("One wait at a time.");
            _source.Reset();
            _isWanted = true;
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "plexus receive" };
                _thread.Start();
            }
            else if (_thread != Thread.CurrentThread)
            {
                Knock();
            }

            return new ValueTask(this, _source.Version);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            if (_thread is null) _ = LinuxCalls.Close(_event);
            else Knock();
        }
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Run()
    {
        while (TryGetWish(out bool isWanted))
        {
            if (!Wait(isWanted)) continue;
            lock (_lock)
            {
                if (_isDisposed) break;
                _isWanted = false;
            }

            _source.SetResult(true); // Runs the receive loop until it waits again.
        }

        bool waits;
        lock (_lock)
        {
            _ = LinuxCalls.Close(_event);
            waits = _isWanted;
            _isWanted = false;
        }

        if (waits) _source.SetException(new ObjectDisposedException(nameof(ReceiveThread)));
    }

    private bool TryGetWish(out bool isWanted)
    {
        lock (_lock)
        {
            isWanted = _isWanted;
            return !_isDisposed;
        }
    }

    /// <summary>Sleeps until the socket, if that is wanted, can be read, or until a knock.</summary>
    /// <returns>Whether the socket can be read.</returns>
    private bool Wait(bool isSocketWanted)
    {
        using LinuxDescriptor held = new(_socket);
        if (held.IsClosed)
        {
            Dispose();
            return false;
        }

        LinuxCalls.PollDescriptor* descriptors = stackalloc LinuxCalls.PollDescriptor[2];
        descriptors[0] = new() { Descriptor = _event, Wanted = LinuxCalls.PollIn };
        descriptors[1] = new() { Descriptor = held.Number, Wanted = LinuxCalls.PollIn };
        _ = LinuxCalls.Poll(descriptors, isSocketWanted ? 2u : 1u, Timeout.Infinite);
        if (descriptors[0].Found != 0)
        {
            ulong count;
            _ = LinuxCalls.Read(_event, &count, sizeof(ulong));
        }

        return isSocketWanted && descriptors[1].Found != 0;
    }

    private void Knock()
    {
        ulong one = 1;
        _ = LinuxCalls.Write(_event, &one, sizeof(ulong));
    }
}
