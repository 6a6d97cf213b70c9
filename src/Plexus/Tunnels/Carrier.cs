using Plexus.Protocols;
using Plexus.Protocols.Wormhole;
using Plexus.Sockets;

namespace Plexus.Tunnels;

/// <summary>Joins a multiplexer to the stream that carries it.</summary>
/// <remarks>
/// Who has something to send sends it on its own thread, unless another one is sending already: that one then goes on. The stream
/// is written with one small buffer at a time, so what comes next is decided when the stream takes more, and nobody waits behind
/// data that were read too early. Received data go to their sockets on the thread that has read the stream.
/// </remarks>
internal sealed class Carrier(Stream stream, Multiplexer core, ICarrierUser user, TimeProvider clock) : IAsyncDisposable
{
    private const int IncomingLength = 64 << 10; // Four TLS records.
    private const int Enough = 32 << 10; // With more in one write, the next turn would come too late on a slow path.

    private readonly Lock _lock = new();
    private readonly byte[] _incoming = new byte[IncomingLength];
    private readonly byte[] _outgoing = new byte[Multiplexer.LargestFrame];
    private readonly long _start = clock.GetTimestamp();
    private readonly Signal _mayReceive = new();
    private readonly HashSet<LocalSide> _sides = [];
    private ITimer? _timer;
    private Instant? _timerAt;
    private int _signals;
    private long _datagramsDropped;
    private long _countedSent;
    private long _countedReceived;
    private bool _isWaitingToReceive;
    private bool _hasRun;
    private volatile string? _end;

    /// <summary>This carrier's time: zero when it was made.</summary>
    public Instant Now => new(clock.GetElapsedTime(_start));

    /// <summary>Ticks for sides that wait for something to pass.</summary>
    public Housekeeping Housekeeping { get; } = new(clock);

    /// <summary>Tells the sides when their sockets can be read; null where the system's sockets do that.</summary>
    public ReadinessThread? Readable { get; } = ReadinessThread.TryStart();

    /// <summary>Whether the tunnel has ended.</summary>
    public bool HasEnded => _end is not null;

    /// <summary>Local sides that are still there, with those that only deliver their last.</summary>
    public int SideCount
    {
        get
        {
            lock (_lock) return _sides.Count;
        }
    }

    /// <summary>Datagrams that were dropped because they would have had to wait.</summary>
    public long DatagramsDropped => Interlocked.Read(ref _datagramsDropped);

    /// <summary>Reads the stream until the tunnel ends.</summary>
    /// <returns>Why it has ended, to follow "The tunnel has ended: ".</returns>
    public async Task<string> RunAsync()
    {
        _timer = clock.CreateTimer(static carrier => ((Carrier)carrier!).OnDeadline(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (Readable is not null) (stream as IStandsIn)?.StandInFor(Readable);
        try
        {
            Send(); // The first frame.
            while (_end is null)
            {
                while (!MayReceive()) await _mayReceive.WaitAsync(Timeout.InfiniteTimeSpan, clock, CancellationToken.None);
                int count = await stream.ReadAsync(_incoming);
                if (count == 0) End("the peer has closed it");
                else Receive(_incoming.AsSpan(0, count));
                Send();
            }
        }
        catch (Exception e)
        {
            End(e is ObjectDisposedException ? "it was closed here" : e.Message);
        }

        await _timer.DisposeAsync();
        foreach (LocalSide side in Sides()) side.CarrierEnded();
        bool isLast;
        lock (_lock)
        {
            _hasRun = true; // Sides that deliver their last still read.
            isLast = _sides.Count == 0;
        }

        if (isLast) Readable?.Dispose();
        return _end!;
    }

    /// <summary>Opens a connection to a service of the peer. The caller gives it a side and then calls <see cref="Ready"/>.</summary>
    public MultiplexedConnection? Open(TunnelProtocol protocol, string service)
    {
        MultiplexedConnection? connection;
        lock (_lock) connection = _end is null ? core.Open(protocol, service, Now) : null;
        TakeDismissed();
        return connection;
    }

    public void Accept(MultiplexedConnection connection)
    {
        lock (_lock) core.Accept(connection);
        Send();
    }

    public void Refuse(MultiplexedConnection connection, TunnelReason reason, string text)
    {
        lock (_lock) core.Refuse(connection, reason, text);
        Send();
    }

    /// <summary>The connection's local side failed or was given up.</summary>
    public void Reset(MultiplexedConnection connection, TunnelReason reason, string text)
    {
        lock (_lock) core.Reset(connection, reason, text);
        Send();
    }

    /// <summary>The local side has something to send.</summary>
    public void Ready(MultiplexedConnection connection)
    {
        lock (_lock) core.Ready(connection);
        Send();
    }

    /// <summary>The local side has taken or dropped bytes that it kept.</summary>
    public void Delivered(MultiplexedConnection connection, int count)
    {
        if (count == 0) return;
        lock (_lock)
        {
            core.Delivered(connection, count, Now);
            ReceiveAgain(); // Not only after the next writing: that may wait for the peer to read, and the peer for us.
        }
    }

    public void CountDropped() => Interlocked.Increment(ref _datagramsDropped);

    public void GoAway(TunnelReason reason, string text)
    {
        lock (_lock) core.GoAway(reason, text);
        Send();
    }

    /// <summary>Knows a side until it is detached: also when its connection is over, but not everything is delivered.</summary>
    public void Attach(LocalSide side)
    {
        lock (_lock) _sides.Add(side);
    }

    public void Detach(LocalSide side)
    {
        Housekeeping.Remove(side);
        bool isLast;
        lock (_lock) isLast = _sides.Remove(side) && _sides.Count == 0 && _hasRun;
        if (isLast) Readable?.Dispose();
    }

    /// <summary>The sides that are attached.</summary>
    public LocalSide[] Sides()
    {
        lock (_lock) return [.. _sides];
    }

    /// <summary>Reads something of the multiplexer.</summary>
    public T Ask<T>(Func<Multiplexer, T> question)
    {
        lock (_lock) return question(core);
    }

    /// <summary>Sends what is due, here or where it is being done already.</summary>
    public void Send()
    {
        if (Interlocked.Increment(ref _signals) == 1) _ = SendAllAsync();
    }

    /// <summary>Ends the tunnel; the first reason counts.</summary>
    public async ValueTask DisposeAsync()
    {
        End("it was closed here");
        _mayReceive.Set();
        await stream.DisposeAsync();
    }

    private void End(string reason) => Interlocked.CompareExchange(ref _end, reason, null);

    private async Task SendAllAsync()
    {
        try
        {
            int seen;
            do
            {
                seen = Volatile.Read(ref _signals);
                while (_end is null && Fill() is > 0 and int length) await stream.WriteAsync(_outgoing.AsMemory(0, length));
            }
            while (Interlocked.Add(ref _signals, -seen) != 0);
        }
        catch (Exception e)
        {
            // Nobody sends any more. Reading ends by itself, or is ended here.
            End(e.Message);
            await stream.DisposeAsync();
        }
    }

    /// <summary>Fills the buffer with what is due and with what local sides have, in turns.</summary>
    private int Fill()
    {
        int length = 0;
        while (length < Enough)
        {
            Span<byte> rest = _outgoing.AsSpan(length);
            Turn turn;
            lock (_lock)
            {
                if (!core.TryTransmit(rest, Now, out turn)) break;
            }

            length += turn.Length;
            if (turn.Connection is not { } connection) break;
            rest = _outgoing.AsSpan(length);
            TurnResult result = TurnResult.Drained;
            LocalSide? side = connection.Owner as LocalSide;
            int count = side?.Read(rest.Slice(Multiplexer.HeaderLength, turn.Room), out result) ?? 0;
            bool isOver;
            lock (_lock)
            {
                length += core.Complete(connection, rest, count, result, Now);
                isOver = result == TurnResult.End && !connection.CanReceive;
            }

            if (isOver) side!.End();
            if (count == 0 && result == TurnResult.More) break; // A datagram that needs the whole buffer.
        }

        AfterWork();
        return length;
    }

    private void Receive(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            TunnelEvent received;
            lock (_lock)
            {
                if (!core.TryReceive(ref bytes, Now, out received)) break;
            }

            On(received);
        }

        if (Ask(core => core.Failure) is { } failure) End(failure);
        AfterWork();
    }

    private void On(in TunnelEvent received)
    {
        LocalSide? side = received.Connection?.Owner as LocalSide;
        switch (received.Kind)
        {
            case TunnelEventKind.Data:
            case TunnelEventKind.Datagram:
                side?.Deliver(received.Data);
                break;
            case TunnelEventKind.Opened:
                user.OnOpened(received.Connection!);
                break;
            case TunnelEventKind.Accepted:
                side?.Accepted();
                break;
            case TunnelEventKind.Ended:
                side?.End();
                break;
            case TunnelEventKind.Reset:
                side?.Abort(received.Reason, received.Text ?? "");
                break;
            case TunnelEventKind.Ready:
                user.OnReady();
                break;
            case TunnelEventKind.GoAway:
                user.OnGoAway(received.Reason, received.Text ?? "");
                break;
        }
    }

    private void AfterWork()
    {
        TakeDismissed();
        lock (_lock)
        {
            ReceiveAgain();
            SetTimer();
            PlexusTelemetry.TunnelCarried(core.Sent - _countedSent, core.Received - _countedReceived);
            (_countedSent, _countedReceived) = (core.Sent, core.Received);
        }
    }

    /// <summary>Lets the reading go on if it waits and need not any more. Called inside the lock.</summary>
    private void ReceiveAgain()
    {
        if (!_isWaitingToReceive || !core.MayReceive) return;
        _isWaitingToReceive = false;
        _mayReceive.Set();
    }

    private bool MayReceive()
    {
        lock (_lock)
        {
            _isWaitingToReceive = !core.MayReceive && _end is null;
            return !_isWaitingToReceive;
        }
    }

    private void TakeDismissed()
    {
        while (true)
        {
            MultiplexedConnection connection;
            lock (_lock)
            {
                if (!core.TryTakeDismissed(out connection)) return;
            }

            if (connection.Reason == TunnelReason.None) (connection.Owner as LocalSide)?.End();
            else (connection.Owner as LocalSide)?.Abort(connection.Reason, connection.ReasonText);
        }
    }

    private void OnDeadline()
    {
        lock (_lock)
        {
            _timerAt = null;
            core.OnDeadline(Now);
        }

        AfterWork();
        Send();
    }

    /// <summary>Called inside the lock.</summary>
    private void SetTimer()
    {
        if (core.Deadline is not { } deadline || deadline == _timerAt) return;
        _timerAt = deadline;
        TimeSpan wait = deadline - Now;
        _timer?.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
