using System.Buffers.Binary;

namespace Plexus.Protocols.Wormhole;

/// <content>The frames of the tunnel protocol, as they come.</content>
internal sealed partial class CreditMultiplexer
{
    private TunnelFrame _frame;
    private MultiplexedConnection? _current;

    protected override (Intake Intake, long Length) OnHeader(ReadOnlySpan<byte> header, Instant now)
    {
        _frame = TunnelFrame.Read(header);
        _current = Listed.GetValueOrDefault(_frame.Connection);
        if (_theirs is null && _frame.Type != TunnelFrameType.Hello) return Broken("the other side does not speak the tunnel protocol");
        if (_frame.Length > TunnelFrame.LargestPayload) return Broken($"a frame of {_frame.Length} bytes was announced, more than is allowed");
        if (_frame.Type != TunnelFrameType.Data)
            return (_frame.Type is >= TunnelFrameType.Hello and <= TunnelFrameType.GoAway ? Intake.Whole : Intake.Skip, _frame.Length);

        if (_current is { CanReceive: true, Protocol: TunnelProtocol.Tcp } connection)
        {
            if (_frame.Length <= connection.Granted - connection.Received) return (Intake.Stream, _frame.Length);
            Dismiss(connection, TunnelReason.Violation, "more data came than was allowed");
        }
        else if (!WasOpened(_frame.Connection))
        {
            return Broken($"data came for connection {_frame.Connection}, which was never opened");
        }

        Stray++;
        return (Intake.Skip, _frame.Length);
    }

    protected override bool OnData(ReadOnlySpan<byte> piece, Instant now, out TunnelEvent received)
    {
        received = default;
        if (_current is not { CanReceive: true } connection) return false; // Reset between two pieces.
        CountReceived(connection, piece.Length, now);
        connection.Waiting += piece.Length;
        received = new() { Kind = TunnelEventKind.Data, Connection = connection, Data = piece };
        return true;
    }

    protected override bool OnPayload(ReadOnlySpan<byte> payload, Instant now, out TunnelEvent received)
    {
        received = default;
        switch (_frame.Type)
        {
            case TunnelFrameType.Hello:
                return OnHello(payload, out received);
            case TunnelFrameType.Open:
                return OnOpen(payload, out received);
            case TunnelFrameType.GoAway:
                _isGoingAway = true;
                return Tell(TunnelEventKind.GoAway, null, payload, out received);
            case TunnelFrameType.Ping when payload.Length >= PingLength:
                _pongDue = BinaryPrimitives.ReadUInt64BigEndian(payload); // Of several only the last is answered.
                return false;
            case TunnelFrameType.Pong when payload.Length >= PingLength && BinaryPrimitives.ReadUInt64BigEndian(payload) == _pings:
                OnPong(now);
                return false;
            default:
                if (_current is not null) return OnConnection(_current, payload, now, out received);
                if (!WasOpened(_frame.Connection)) Stray++;
                return false;
        }
    }

    private bool OnConnection(MultiplexedConnection connection, ReadOnlySpan<byte> payload, Instant now, out TunnelEvent received)
    {
        received = default;
        switch (_frame.Type)
        {
            case TunnelFrameType.Accepted when connection.IsOurs:
                received = new() { Kind = TunnelEventKind.Accepted, Connection = connection };
                return true;
            case TunnelFrameType.Refused when connection.IsOurs:
            case TunnelFrameType.Reset:
                connection.Due &= ConnectionDue.Open;
                Unlist(connection);
                return Tell(TunnelEventKind.Reset, connection, payload, out received);
            case TunnelFrameType.End when connection.CanReceive:
                connection.CanReceive = false;
                if (!connection.CanSend) Unlist(connection);
                received = new() { Kind = TunnelEventKind.Ended, Connection = connection };
                return true;
            case TunnelFrameType.Credit when payload.Length >= sizeof(uint) && connection.Protocol == TunnelProtocol.Tcp:
                connection.Credit = Math.Min(LargestCredit, connection.Credit + BinaryPrimitives.ReadUInt32BigEndian(payload));
                if (!connection.IsStarved || connection.Credit == 0) return false;
                connection.IsStarved = false;
                Ready(connection);
                return false;
            case TunnelFrameType.Blocked when connection.CanReceive:
                Grow(connection);
                return false;
            case TunnelFrameType.Datagram when connection is { CanReceive: true, Protocol: TunnelProtocol.Udp }:
                CountReceived(connection, payload.Length, now);
                received = new() { Kind = TunnelEventKind.Datagram, Connection = connection, Data = payload };
                return true;
            default:
                Stray++;
                return false;
        }
    }

    private bool OnHello(ReadOnlySpan<byte> payload, out TunnelEvent received)
    {
        received = default;
        if (_theirs is not null) return false;
        if (!TunnelHello.TryRead(payload, out TunnelHello? hello))
        {
            Fail("the other side does not speak the tunnel protocol");
            return false;
        }

        if (hello.LeastVersion > TunnelHello.OurVersion || hello.Version < _ours.LeastVersion)
        {
            Fail($"the other side speaks versions {hello.LeastVersion} to {hello.Version} of the tunnel protocol, but not {TunnelHello.OurVersion}; update the older side");
            return false;
        }

        _theirs = hello;
        received = new() { Kind = TunnelEventKind.Ready };
        return true;
    }

    private bool OnOpen(ReadOnlySpan<byte> payload, out TunnelEvent received)
    {
        received = default;
        if (_frame.Connection % 2 != _theirParity || _frame.Connection < _nextTheirs)
        {
            Fail($"connection {_frame.Connection} was opened, whose number is not the next one");
            return false;
        }

        _nextTheirs = (long)_frame.Connection + 2;
        bool isWhole = TunnelFrame.TryReadOpen(payload, out TunnelProtocol protocol, out string service);
        MultiplexedConnection connection = new(_frame.Connection, protocol, service, isOurs: false);
        TunnelReason refusal = !isWhole ? TunnelReason.Violation
            : protocol is not (TunnelProtocol.Tcp or TunnelProtocol.Udp) ? TunnelReason.NoSuchService
            : _isGoingAway ? TunnelReason.Closing
            : Count >= Limits.Connections ? TunnelReason.TooMany
            : TunnelReason.None;
        if (refusal != TunnelReason.None)
        {
            connection.Reason = refusal;
            AddDue(connection, ConnectionDue.Refused);
            return false;
        }

        Begin(connection);
        received = new() { Kind = TunnelEventKind.Opened, Connection = connection };
        return true;
    }

    private void OnPong(Instant now)
    {
        if (_pingSent is not { } sent) return;
        TimeSpan sample = now - sent;
        RoundTrip = RoundTrip is { } smoothed ? smoothed + ((sample - smoothed) / SmoothingWeight) : sample;
        _pingSent = null;
        _nextPing = now + PingInterval;
    }

    private static bool Tell(TunnelEventKind kind, MultiplexedConnection? connection, ReadOnlySpan<byte> payload, out TunnelEvent received)
    {
        (TunnelReason reason, string text) = TunnelFrame.ReadReason(payload);
        received = new() { Kind = kind, Connection = connection, Reason = reason, Text = text };
        return true;
    }

    /// <summary>Whether the number belongs to a connection that is or was: its last frames may come after its end.</summary>
    private bool WasOpened(uint number) => number % 2 == _theirParity ? number < _nextTheirs : number < _nextOurs;

    private (Intake Intake, long Length) Broken(string failure)
    {
        Fail(failure);
        return (Intake.Skip, 0);
    }
}
