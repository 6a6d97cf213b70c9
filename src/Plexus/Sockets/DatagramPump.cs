using Plexus.Protocols;

namespace Plexus.Sockets;

/// <summary>The only loop that joins a protocol core to a socket and a clock.</summary>
/// <remarks>
/// It lives as long as its socket, since an unanswered receive stays for the next core. The core is touched only
/// inside a lock on itself, so a command from another thread takes the same lock and then calls <see cref="Wake"/>.
/// </remarks>
internal sealed class DatagramPump(IDatagramSocket socket, TimeProvider clock) : IAsyncDisposable
{
    private const int LargestDatagram = 65_536;

    private readonly byte[] _incoming = new byte[LargestDatagram];
    private readonly byte[] _outgoing = new byte[LargestDatagram];
    private readonly long _start = clock.GetTimestamp();
    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<Received>? _receive;

    /// <summary>The socket, which goes where the pump goes.</summary>
    public IDatagramSocket Socket { get; } = socket;

    /// <summary>This pump's time: zero when it was made.</summary>
    public Instant Now => new(clock.GetElapsedTime(_start));

    /// <summary>Makes the loop look for datagrams to send and at the deadline, after a command to the core.</summary>
    public void Wake() => Volatile.Read(ref _wake).TrySetResult();

    /// <summary>Runs the core until it is finished.</summary>
    /// <exception cref="ObjectDisposedException">The socket was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task RunAsync<T>(T protocol, Func<T, bool> isFinished, CancellationToken cancellationToken)
        where T : class, IDatagramProtocol
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task wake = _wake.Task; // Taken before draining, so that no Wake is lost.
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

            _receive ??= Socket.ReceiveAsync(_incoming).AsTask();
            if (!_receive.IsCompleted && !wake.IsCompleted) await WaitAsync(_receive, wake, deadline, cancellationToken);
            if (wake.IsCompleted) Volatile.Write(ref _wake, new(TaskCreationOptions.RunContinuationsAsynchronously));
            if (_receive.IsCompleted)
            {
                Received received = await _receive;
                lock (protocol) protocol.OnDatagram(_incoming.AsSpan(0, received.Length), received.From, Now);
                _receive = null;
            }

            lock (protocol)
            {
                if (protocol.Deadline <= Now) protocol.OnDeadline(Now);
            }
        }
    }

    public ValueTask DisposeAsync() => Socket.DisposeAsync();

    private bool TryTransmit(IDatagramProtocol protocol, out Transmit transmit)
    {
        lock (protocol) return protocol.TryTransmit(_outgoing, Now, out transmit);
    }

    private async Task WaitAsync(Task receive, Task wake, Instant? deadline, CancellationToken cancellationToken)
    {
        TimeSpan wait = deadline is { } due ? due - Now : Timeout.InfiniteTimeSpan;
        if (deadline is not null && wait <= TimeSpan.Zero) return;
        // A timer's tick is a millisecond: rounding up spares a turn of the loop that comes too early.
        if (deadline is not null) wait = TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
        await ((Task)Task.WhenAny(receive, wake)).WaitAsync(wait, clock, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
