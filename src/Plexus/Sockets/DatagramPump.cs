using System.Runtime.ExceptionServices;
using Plexus.Protocols;

namespace Plexus.Sockets;

/// <summary>The only loop that joins a protocol core to a socket and a clock.</summary>
/// <remarks>
/// It lives as long as its socket, since an unanswered receive stays for the next core. The core is touched only
/// inside a lock on itself, so a command from another thread takes the same lock and then calls <see cref="Wake"/>.
/// The loop waits for one thing only, a signal that a datagram, the timer, a command or a cancellation gives: an await of a
/// combination (WhenAny, WaitAsync) would leave the synchronization context for the thread pool.
/// </remarks>
internal sealed class DatagramPump : IAsyncDisposable
{
    private const int LargestDatagram = 65_536;

    private readonly TimeProvider _clock;
    private readonly byte[] _incoming = new byte[LargestDatagram];
    private readonly byte[] _outgoing = new byte[LargestDatagram];
    private readonly long _start;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _detach = new();
    private TaskCompletionSource _signal = NewSignal();
    private bool _isReceiving; // A receive that nobody has answered stays for the next core.
    private bool _hasArrived;
    private Received _arrived;
    private ExceptionDispatchInfo? _fault;

    public DatagramPump(IDatagramSocket socket, TimeProvider clock)
    {
        Socket = socket;
        _clock = clock;
        _start = clock.GetTimestamp();
        _timer = clock.CreateTimer(
            static pump => ((DatagramPump)pump!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The socket, which goes where the pump goes.</summary>
    public IDatagramSocket Socket { get; }

    /// <summary>This pump's time: zero when it was made.</summary>
    public Instant Now => new(_clock.GetElapsedTime(_start));

    /// <summary>Makes the loop look for datagrams to send and at the deadline, after a command to the core.</summary>
    public void Wake() => Volatile.Read(ref _signal).TrySetResult();

    /// <summary>Runs the core until it is finished.</summary>
    /// <exception cref="ObjectDisposedException">The socket was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task RunAsync<T>(T protocol, Func<T, bool> isFinished, CancellationToken cancellationToken)
        where T : class, IDatagramProtocol
    {
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static pump => ((DatagramPump)pump!).Wake(), this);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task signal = _signal.Task; // Taken before draining, so that no Wake is lost.
            while (TryTransmit(protocol, out Transmit transmit))
            {
                await Socket.SendAsync(_outgoing.AsMemory(0, transmit.Length), transmit.To, transmit.Hops);
            }

            Instant? deadline;
            lock (protocol)
            {
                if (isFinished(protocol)) return;
                deadline = protocol.Deadline;
            }

            if (!TryReceive(out Received received))
            {
                if (TrySetTimer(deadline)) await signal;
                if (signal.IsCompleted) Volatile.Write(ref _signal, NewSignal());
            }
            else
            {
                lock (protocol) protocol.OnDatagram(_incoming.AsSpan(0, received.Length), received.From, Now);
            }

            lock (protocol)
            {
                if (protocol.Deadline <= Now) protocol.OnDeadline(Now);
            }
        }
    }

    /// <summary>Ends the pump and leaves the socket open, for one who drives it in another way. No core may be running.</summary>
    /// <returns>The socket. A datagram that the pump has already received is the next one that it gives.</returns>
    public async Task<IDatagramSocket> DetachAsync()
    {
        await _timer.DisposeAsync();
        if (_isReceiving)
        {
            _detach.Cancel(); // CancelAsync would leave the context for the thread pool.
            while (!Volatile.Read(ref _hasArrived))
            {
                await _signal.Task;
                if (!_hasArrived) Volatile.Write(ref _signal, NewSignal());
            }

            _isReceiving = false;
            if (_fault is null) Socket.PutBack(_incoming.AsSpan(0, _arrived.Length), _arrived.From);
            else if (_fault.SourceException is not OperationCanceledException) _fault.Throw();
        }

        _detach.Dispose();
        return Socket;
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await Socket.DisposeAsync();
        _detach.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool TryTransmit(IDatagramProtocol protocol, out Transmit transmit)
    {
        lock (protocol) return protocol.TryTransmit(_outgoing, Now, out transmit);
    }

    /// <summary>Takes a datagram that is there already, or asks for the next one to give the signal.</summary>
    private bool TryReceive(out Received received)
    {
        received = default;
        if (!_isReceiving)
        {
            ValueTask<Received> next = Socket.ReceiveAsync(_incoming, _detach.Token);
            if (next.IsCompletedSuccessfully)
            {
                received = next.Result;
                return true;
            }

            _isReceiving = true;
            _ = SignalAfterAsync(next);
        }

        if (!Volatile.Read(ref _hasArrived)) return false;
        _hasArrived = false;
        _isReceiving = false;
        _fault?.Throw();
        received = _arrived;
        return true;
    }

    private async Task SignalAfterAsync(ValueTask<Received> receive)
    {
        try
        {
            _arrived = await receive;
        }
        catch (Exception e)
        {
            _fault = ExceptionDispatchInfo.Capture(e);
        }

        Volatile.Write(ref _hasArrived, true); // Before the signal, which makes the loop look.
        Wake();
    }

    /// <summary>Sets the timer for the deadline; false when that has passed.</summary>
    private bool TrySetTimer(Instant? deadline)
    {
        TimeSpan wait = Timeout.InfiniteTimeSpan;
        if (deadline is { } due)
        {
            wait = due - Now;
            if (wait <= TimeSpan.Zero) return false;
            // A timer's tick is a millisecond: rounding up spares a turn of the loop that comes too early.
            wait = TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
        }

        _timer.Change(wait, Timeout.InfiniteTimeSpan);
        return true;
    }
}
