using Plexus.Protocols;

namespace Plexus.Sockets;

/// <summary>Joins a core that works by the batch to a socket and a clock, with as few changes of threads as there can be.</summary>
/// <remarks>
/// <para>
/// Who has changed the core sends what is due on his own thread: the receive loop what it has received, a writer what he has
/// written, the timer what has become due. Only one sends at a time; who comes meanwhile leaves a mark, and the one who sends looks
/// again. The core is touched only inside <see cref="Gate"/>, system calls are made outside.
/// </para>
/// <para>On the laboratory's clock all of it happens on one thread, in an order that is always the same.</para>
/// </remarks>
internal sealed class BatchPump : IAsyncDisposable
{
    private const int LargestBatch = 65_536; // bytes: a system's largest message

    // What is taken before it is answered: little enough for an echo to be early, enough to echo much at once.
    private const int MostTaken = 4 * LargestBatch;
    private const int MostTakes = 16;

    // What the receive loop sends before it looks again for echoes, which may wait in the socket.
    private const int MostSentBetween = 4 * LargestBatch;

    // A sender who is never done, because others write meanwhile, leaves the rest to the timer after so much.
    private const int MostSent = 64 * LargestBatch;

    // Datagrams that wait for an answer to go with. One may be but an echo, to which nothing is owed.
    private const int MostUnanswered = 2;

    // Of the thread pool, for one who sends to come to his end: he has some 4 MB at most.
    private const int MostTurnsToEnd = 10_000;

    // A timer's tick. A deadline that has passed and stays would turn the loop without end.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly IDatagramSocket _socket;
    private readonly IBatchProtocol _protocol;
    private readonly TimeProvider _clock;
    private readonly Action? _attend;
    private readonly long _start;
    private readonly ITimer _timer;
    private readonly byte[] _incoming = new byte[LargestBatch];
    private readonly byte[] _outgoing = new byte[LargestBatch];
    private readonly bool _isReal; // Only on the system's clock is it worth while to stay awake.
    private ShortWait _wait; // the receive loop's
    private volatile ReadinessThread? _standsInFor;
    private volatile int _sent; // batches; one sends at a time
    private Instant? _timerDue; // inside the gate
    private int _flushWishes; // more than 0: somebody sends
    private Task _loop = Task.CompletedTask;
    private volatile int _attending; // The thread of the receive loop while it lets waiters go.
    private volatile bool _isDisposed;

    /// <param name="socket">The socket, which the pump owns.</param>
    /// <param name="protocol">The core.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="attend">
    /// Called after each change of the core by a datagram, by time or by sending, outside the gate and on any thread. It must not block.
    /// </param>
    public BatchPump(IDatagramSocket socket, IBatchProtocol protocol, TimeProvider clock, Action? attend = null)
    {
        _socket = socket;
        _protocol = protocol;
        _clock = clock;
        _isReal = clock == TimeProvider.System;
        _attend = attend;
        _start = clock.GetTimestamp();
        _timer = clock.CreateTimer(
            static pump => ((BatchPump)pump!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Held by whoever touches the core.</summary>
    public Lock Gate { get; } = new();

    /// <summary>This pump's time: zero when it was made.</summary>
    public Instant Now => new(_clock.GetElapsedTime(_start));

    /// <summary>A thread for local sockets that the receive loop stands in for while it is awake; set once.</summary>
    public void StandInFor(ReadinessThread thread) => _standsInFor = thread;

    /// <summary>Begins to receive and to send.</summary>
    /// <returns>Ends when the pump is disposed; fails if the core does.</returns>
    public Task StartAsync()
    {
        _loop = ReceiveAsync();
        Flush();
        return _loop;
    }

    /// <summary>Sends what is due, or lets the one do it who sends just now. Called after a command to the core, outside the gate.</summary>
    public void Flush()
    {
        if (!TryFlush(MostSent)) SetTimer(Tick);
    }

    /// <summary>As <see cref="Flush"/>, for what can wait for the loop if that is about to send: the room that a reader has made.</summary>
    public void FlushSoon()
    {
        if (_attending != Environment.CurrentManagedThreadId) Flush();
    }

    public async ValueTask DisposeAsync()
    {
        // Who sends just now has been left the last words of a stream that was ended; perhaps it is our caller.
        for (int turns = 0; turns < MostTurnsToEnd && Volatile.Read(ref _flushWishes) != 0; turns++) await Task.Yield();
        _isDisposed = true;
        await _timer.DisposeAsync();
        await _socket.DisposeAsync();
        try
        {
            await _loop;
        }
        catch (Exception)
        {
            // Whoever started the loop has it already.
        }
    }

    private async Task ReceiveAsync()
    {
        bool isSent = true;
        try
        {
            while (true)
            {
                bool isDrained = Take(out bool isTouched);
                if (isTouched) AttendFirst();
                bool waits = isDrained && isSent;
                if (!waits) _standsInFor?.EndStandIn();
                else if (_isReal) waits = !TakesSoon(ref isTouched);
                if (isTouched || !isSent) isSent = TryFlush(MostSentBetween);
                if (waits && isSent) await _socket.WaitToReceiveAsync();
                _wait.End();
            }
        }
        catch (ObjectDisposedException) when (_isDisposed)
        {
            // The end of the pump.
        }
        finally
        {
            _standsInFor?.EndStandIn();
        }
    }

    /// <summary>Lets those go on who waited for what has come, before the peer hears of it: they have waited for longer.</summary>
    private void AttendFirst()
    {
        _attending = Environment.CurrentManagedThreadId;
        _attend?.Invoke();
        _attending = 0;
    }

    /// <summary>
    /// Looks for the next datagram for a moment, if it is expected soon. What the peer is owed meanwhile goes with the answer, when
    /// somebody writes one; what has waited for that in vain until the next datagram, or that moment, goes alone.
    /// </summary>
    /// <param name="isTouched">Set when a datagram came.</param>
    /// <returns>False when there is nothing more to be expected.</returns>
    private bool TakesSoon(ref bool isTouched)
    {
        int sent = _sent, unanswered = 0;
        _wait.Begin();
        while (_wait.LooksAgain())
        {
            _standsInFor?.BeginStandIn();
            bool isDrained = Take(out bool isTaken);
            if (isTaken) AttendFirst();
            else if (_standsInFor?.TryRun() != true) continue;
            isTouched |= isTaken;
            if (sent != _sent) unanswered = 0;
            if (isTaken) unanswered++;
            else if (unanswered > 0) return true;
            if (!isDrained || unanswered == MostUnanswered) return true;
            sent = _sent;
            _wait.End();
            _wait.Begin();
        }

        _standsInFor?.EndStandIn();
        return false;
    }

    /// <summary>Gives the core what has come.</summary>
    /// <param name="isTouched">Whether there was something.</param>
    /// <returns>Whether that was all.</returns>
    private bool Take(out bool isTouched)
    {
        int taken = 0;
        isTouched = false;
        for (int takes = 0; takes < MostTakes && taken < MostTaken; takes++)
        {
            if (!_socket.TryReceiveBatch(_incoming, out ReceivedBatch batch)) return true;
            lock (Gate) _protocol.OnDatagrams(_incoming.AsSpan(0, batch.Length), batch.DatagramLength, batch.From, Now);
            taken += batch.Length;
            _wait.NoteCarried(batch.Length);
            isTouched = true;
        }

        return false;
    }

    private void OnTimer()
    {
        if (_isDisposed) return;
        lock (Gate)
        {
            _timerDue = null;
            _protocol.OnDeadline(Now);
        }

        _attend?.Invoke();
        Flush();
    }

    /// <summary>Sends what is due, unless somebody does already.</summary>
    /// <returns>False when so many bytes were sent and there may be more.</returns>
    private bool TryFlush(int most)
    {
        if (Interlocked.Increment(ref _flushWishes) > 1) return true;
        int wishes;
        do
        {
            wishes = Volatile.Read(ref _flushWishes);
            if (TrySend(ref most)) continue;
            Volatile.Write(ref _flushWishes, 0);
            return false;
        }
        while (Interlocked.CompareExchange(ref _flushWishes, 0, wishes) != wishes);

        return true;
    }

    private bool TrySend(ref int most)
    {
        bool isTouched = false;
        while (most > 0 && TryCompose(out TransmitBatch batch))
        {
            // What the system refuses is lost to the core, as on the network.
            _socket.SendBatch(_outgoing.AsSpan(0, batch.Length), batch.DatagramLength, batch.To, batch.MayFragment, batch.Hops);
            most -= batch.Length;
            _wait.NoteCarried(batch.Length);
            _sent++;
            isTouched = true;
        }

        if (isTouched) _attend?.Invoke(); // There is room for what waits to be written.
        return most > 0;
    }

    private bool TryCompose(out TransmitBatch batch)
    {
        lock (Gate)
        {
            Instant now = Now;
            if (_protocol.Deadline <= now) _protocol.OnDeadline(now); // A timer comes a little late: what is due now need not wait.
            if (_protocol.TryTransmit(_outgoing, now, out batch)) return true;
            if (_protocol.Deadline is { } due) SetTimer(due - now);
            return false;
        }
    }

    /// <summary>Sets the timer, unless it comes earlier anyway: a call too early does no harm.</summary>
    private void SetTimer(TimeSpan wait)
    {
        lock (Gate)
        {
            // Rounded up, a tick at least: a timer counts them, and a deadline in the past would turn the loop without end.
            wait = TimeSpan.FromMilliseconds(Math.Max(Math.Ceiling(wait.TotalMilliseconds), Tick.TotalMilliseconds));
            Instant due = Now + wait;
            if (_timerDue <= due || _isDisposed) return;
            _timerDue = due;
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }
}
