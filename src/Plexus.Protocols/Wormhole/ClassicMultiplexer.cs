namespace Plexus.Protocols.Wormhole;

/// <summary>The framing of wormhole 1.2: docs/protocols/wormhole.md.</summary>
/// <remarks>
/// It has one service, one direction of opening, no half-close, no reasons, and no flow control for a single connection: while too much
/// waits for one TCP receiver the whole carrier is not read, and who causes that for too long is closed.
/// </remarks>
internal sealed class ClassicMultiplexer(TunnelSide side, MultiplexerLimits limits) : Multiplexer(limits)
{
    // A frame longer than the original ever sends, up to here, is skipped and costs its connection. More is no frame: the bytes are not a wormhole's.
    private const uint LargestSkip = 64 << 20;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250); // How late a quiet or stalled connection may be noticed.

    private readonly LinkedList<MultiplexedConnection> _lingering = [];
    private MultiplexedConnection? _current;
    private WormholeFrame _frame;
    private uint _next; // The number of the next opening.
    private long _waiting;
    private MultiplexedConnection? _offender;
    private long _offenderGoal;
    private Instant _blockedSince;
    private Instant? _tick;

    public override bool HasHalfClose => false;

    public override bool MayReceive => _offender is null && base.MayReceive;

    public override Instant? Deadline => _lingering.Count > 0 || _offender is not null ? _tick : null;

    public override MultiplexedConnection? Open(TunnelProtocol protocol, string service, Instant now)
    {
        if (side == TunnelSide.Exporter || protocol != TunnelProtocol.Tcp || Failure is not null) return null;
        // Clients that have sent their last give way: most of them have gone.
        if (Count >= Limits.Connections && _lingering.First is { } oldest) Dismiss(oldest.Value, TunnelReason.TooMany, "a newer connection took its place");
        if (Count >= Limits.Connections || Listed.ContainsKey(_next)) return null;
        MultiplexedConnection connection = new(_next++, protocol, service, isOurs: true);
        List(connection);
        AddDue(connection, ConnectionDue.Open); // In the order of the numbers, as the exporter wants it.
        return connection;
    }

    public override void Accept(MultiplexedConnection connection) { }

    public override void Refuse(MultiplexedConnection connection, TunnelReason reason, string text) => Reset(connection, reason, text);

    public override void Reset(MultiplexedConnection connection, TunnelReason reason, string text)
    {
        if (!connection.IsListed) return;
        Unlist(connection);
        AddDue(connection, ConnectionDue.Reset);
    }

    public override void EndLocal(MultiplexedConnection connection, Instant now)
    {
        if (!connection.IsListed) return;
        connection.CanSend = false;
        if (Limits.HalfCloseQuiet <= TimeSpan.Zero)
        {
            Reset(connection, TunnelReason.None, "");
            return;
        }

        connection.EndedLocally = now;
        _lingering.AddLast(connection);
        _tick ??= now + Tick;
    }

    public override void Delivered(MultiplexedConnection connection, int count, Instant now)
    {
        base.Delivered(connection, count, now);
        _waiting -= count;
        if (_offender is not null && _offender.Waiting <= _offenderGoal) _offender = null;
    }

    public override void OnDeadline(Instant now)
    {
        if (_tick > now) return;
        _tick = _lingering.Count > 0 || _offender is not null ? now + Tick : null;
        for (LinkedListNode<MultiplexedConnection>? node = _lingering.First; node is not null;)
        {
            MultiplexedConnection connection = node.Value;
            node = node.Next;
            Instant since = connection.EndedLocally > connection.LastReceived ? connection.EndedLocally.Value : connection.LastReceived;
            if (now - since >= Limits.HalfCloseQuiet && connection.Waiting == 0) Dismiss(connection, TunnelReason.None, "");
        }

        if (_offender is { } offender && now - _blockedSince >= PatienceWith(offender))
        {
            _offender = null;
            Dismiss(offender, TunnelReason.Stalled, "its receiver took nothing for too long while others had to wait for it");
        }
    }

    protected override (Intake Intake, long Length) OnHeader(ReadOnlySpan<byte> header, Instant now)
    {
        _frame = WormholeFrame.Read(header);
        _current = Listed.GetValueOrDefault(_frame.Connection);
        if (_frame.Length == 0) return (Intake.Whole, 0);
        if (_frame.Length > LargestSkip)
        {
            Fail($"a frame of {_frame.Length} bytes was announced: the other side speaks something else, or bytes were lost");
            return (Intake.Skip, 0);
        }

        if (_frame.Length > WormholeFrame.LargestData && _current is not null)
        {
            Dismiss(_current, TunnelReason.Violation, $"a frame of {_frame.Length} bytes was announced, more than is allowed");
            _current = null;
        }

        if (_current is null) Stray++;
        return (_current is null ? Intake.Skip : Intake.Stream, _frame.Length);
    }

    protected override bool OnData(ReadOnlySpan<byte> piece, Instant now, out TunnelEvent received)
    {
        received = default;
        if (_current is not { CanReceive: true } connection) return false;
        CountReceived(connection, piece.Length, now);
        connection.Waiting += piece.Length;
        _waiting += piece.Length;
        if (_offender is null && (connection.Waiting > Limits.ConnectionBacklog || _waiting > Limits.TunnelBacklog)) Block(connection, now);
        received = new() { Kind = TunnelEventKind.Data, Connection = connection, Data = piece };
        return true;
    }

    protected override bool OnPayload(ReadOnlySpan<byte> payload, Instant now, out TunnelEvent received)
    {
        received = default;
        if (_current is { } connection)
        {
            bool isRefusal = side == TunnelSide.Importer && connection is { Received: 0, CanSend: true };
            Unlist(connection);
            // Whoever connected sees a reset then: "closed" would look like an answer of the service.
            received = isRefusal
                ? new() { Kind = TunnelEventKind.Reset, Connection = connection, Reason = TunnelReason.Unreachable, Text = "closed without an answer; the service may be down" }
                : new() { Kind = TunnelEventKind.Ended, Connection = connection };
            return true;
        }

        if (side == TunnelSide.Importer || _frame.Connection != _next)
        {
            Stray++;
            return false;
        }

        MultiplexedConnection opened = new(_next++, TunnelProtocol.Tcp, "", isOurs: false);
        if (Count >= Limits.Connections)
        {
            AddDue(opened, ConnectionDue.Reset);
            return false;
        }

        List(opened);
        received = new() { Kind = TunnelEventKind.Opened, Connection = opened };
        return true;
    }

    protected override void WriteDataHeader(MultiplexedConnection connection, Span<byte> frame, int count) =>
        new WormholeFrame(connection.Id, (uint)count).Write(frame);

    protected override int WriteDue(MultiplexedConnection connection, Span<byte> buffer)
    {
        int length = 0;
        foreach (ConnectionDue due in (ReadOnlySpan<ConnectionDue>)[ConnectionDue.Open, ConnectionDue.Reset])
        {
            if (!connection.Due.HasFlag(due)) continue;
            new WormholeFrame(connection.Id, 0).Write(buffer[length..]);
            length += HeaderLength;
        }

        return length;
    }

    protected override void Unlist(MultiplexedConnection connection)
    {
        if (connection.EndedLocally is not null) _lingering.Remove(connection);
        base.Unlist(connection);
    }

    /// <summary>
    /// A connection that is alone delays nobody but itself. The importer knows whether it is; an exporter cannot see openings that it does not read.
    /// </summary>
    private TimeSpan PatienceWith(MultiplexedConnection offender) =>
        Count > (offender.IsListed ? 1 : 0) ? Limits.StallLimit
        : side == TunnelSide.Exporter ? Limits.LonelyStallLimit
        : TimeSpan.MaxValue;

    private void Block(MultiplexedConnection connection, Instant now)
    {
        // The one with the most: it may be another one that fills the tunnel's limit.
        _offender = Listed.Values.Append(connection).MaxBy(one => one.Waiting);
        _offenderGoal = _offender!.Waiting / 2;
        _blockedSince = now;
        _tick ??= now + Tick;
    }
}
