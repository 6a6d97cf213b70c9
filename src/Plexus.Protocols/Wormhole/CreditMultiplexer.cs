using System.Buffers.Binary;

namespace Plexus.Protocols.Wormhole;

/// <summary>The tunnel protocol between two of ours: docs/protocols/tunnel.md.</summary>
/// <remarks>
/// Each connection has a window of its own, so the carrier is always read and one stalled receiver costs its window and nothing else. A
/// window grows when its sender says that it is what holds it up while the receiver keeps up.
/// </remarks>
internal sealed partial class CreditMultiplexer : Multiplexer
{
    private const int GrowthFactor = 4; // 64 KiB to 16 MiB in four steps, each a round trip.
    private const long LargestCredit = 1L << 40; // More than any memory; keeps sums far from overflowing.
    private const int PingLength = 8;
    private const int SmoothingWeight = 8; // RFC 6298 section 2: a sample counts an eighth.

    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(2); // While data flow: an idle tunnel is silent.

    // In the order in which they make sense.
    private static readonly (ConnectionDue Due, TunnelFrameType Type)[] DueFrames =
    [
        (ConnectionDue.Open, TunnelFrameType.Open),
        (ConnectionDue.Accepted, TunnelFrameType.Accepted),
        (ConnectionDue.Credit, TunnelFrameType.Credit),
        (ConnectionDue.Blocked, TunnelFrameType.Blocked),
        (ConnectionDue.End, TunnelFrameType.End),
        (ConnectionDue.Refused, TunnelFrameType.Refused),
        (ConnectionDue.Reset, TunnelFrameType.Reset),
    ];

    private readonly TunnelHello _ours;
    private readonly uint _theirParity;
    private TunnelHello? _theirs;
    private bool _isHelloDue = true;
    private uint _nextOurs;
    private long _nextTheirs; // Numbers below it were opened once.
    private long _growth;
    private bool _isGoingAway; // either side
    private (TunnelReason Reason, string Text)? _goAwayDue;
    private ulong? _pongDue;
    private ulong _pings;
    private Instant? _pingSent;
    private Instant _nextPing;
    private long _trafficAtPing = -1;

    /// <param name="isInviter">One side is, the other is not: their connections have even and odd numbers.</param>
    /// <param name="services">What we export, for the peer's information.</param>
    /// <param name="limits">What the tunnel may cost.</param>
    public CreditMultiplexer(bool isInviter, IEnumerable<(TunnelProtocol Protocol, string Name)> services, MultiplexerLimits limits)
        : base(limits)
    {
        _ours = new() { Window = (uint)limits.Window, Services = [.. services.Take(TunnelHello.MostServices)] };
        _nextOurs = isInviter ? 0u : 1u;
        _theirParity = 1 - _nextOurs;
        _nextTheirs = _theirParity;
    }

    /// <summary>What the peer told first; null before.</summary>
    public TunnelHello? PeerHello => _theirs;

    public override bool HasHalfClose => true;

    public override MultiplexedConnection? Open(TunnelProtocol protocol, string service, Instant now)
    {
        if (_theirs is null || _isGoingAway || Failure is not null || Count >= Limits.Connections || _nextOurs > uint.MaxValue - 2) return null;
        MultiplexedConnection connection = new(_nextOurs, protocol, service, isOurs: true);
        _nextOurs += 2;
        Begin(connection);
        AddDue(connection, ConnectionDue.Open);
        return connection;
    }

    public override void Accept(MultiplexedConnection connection)
    {
        if (connection.IsListed) AddDue(connection, ConnectionDue.Accepted);
    }

    public override void Refuse(MultiplexedConnection connection, TunnelReason reason, string text) =>
        EndWith(ConnectionDue.Refused, connection, reason, text);

    public override void Reset(MultiplexedConnection connection, TunnelReason reason, string text) =>
        EndWith(ConnectionDue.Reset, connection, reason, text);

    public override void EndLocal(MultiplexedConnection connection, Instant now)
    {
        if (!connection.IsListed || !connection.CanSend) return;
        connection.CanSend = false;
        if (!connection.CanReceive) Unlist(connection);
        AddDue(connection, ConnectionDue.End); // Its data are before it: they were written in earlier turns.
    }

    public override void GoAway(TunnelReason reason, string text)
    {
        _isGoingAway = true;
        _goAwayDue = (reason, text);
    }

    public override void Delivered(MultiplexedConnection connection, int count, Instant now)
    {
        base.Delivered(connection, count, now);
        AllowMore(connection);
    }

    protected override void WriteDataHeader(MultiplexedConnection connection, Span<byte> frame, int count) => new TunnelFrame(
        connection.Protocol == TunnelProtocol.Udp ? TunnelFrameType.Datagram : TunnelFrameType.Data, count, connection.Id).Write(frame);

    protected override int WriteOwn(Span<byte> buffer, Instant now)
    {
        int length = 0;
        if (_isHelloDue)
        {
            if (buffer.Length < LargestFrame) return 0;
            length = Write(buffer, TunnelFrameType.Hello, 0, _ours.Write(buffer[HeaderLength..]));
            _isHelloDue = false;
        }

        if (_pongDue is { } pong && buffer.Length - length >= HeaderLength + PingLength)
        {
            BinaryPrimitives.WriteUInt64BigEndian(buffer[(length + HeaderLength)..], pong);
            length += Write(buffer[length..], TunnelFrameType.Pong, 0, PingLength);
            _pongDue = null;
        }

        if (IsPingDue(now) && buffer.Length - length >= HeaderLength + PingLength)
        {
            BinaryPrimitives.WriteUInt64BigEndian(buffer[(length + HeaderLength)..], ++_pings);
            length += Write(buffer[length..], TunnelFrameType.Ping, 0, PingLength);
            (_pingSent, _trafficAtPing) = (now, Sent + Received);
        }

        if (_goAwayDue is { } away && buffer.Length - length >= HeaderLength + sizeof(ushort) + TunnelFrame.LargestText)
        {
            length += Write(
                buffer[length..], TunnelFrameType.GoAway, 0, TunnelFrame.WriteReason(buffer[(length + HeaderLength)..], away.Reason, away.Text));
            _goAwayDue = null;
        }

        return length;
    }

    protected override int WriteDue(MultiplexedConnection connection, Span<byte> buffer)
    {
        int length = 0;
        foreach ((ConnectionDue due, TunnelFrameType type) in DueFrames)
        {
            if (!connection.Due.HasFlag(due)) continue;
            Span<byte> payload = buffer[(length + HeaderLength)..];
            int count = due switch
            {
                ConnectionDue.Open => TunnelFrame.WriteOpen(payload, connection.Protocol, connection.Service),
                ConnectionDue.Credit => WriteCredit(connection, payload),
                ConnectionDue.Refused or ConnectionDue.Reset => TunnelFrame.WriteReason(payload, connection.Reason, connection.ReasonText),
                _ => 0,
            };
            length += Write(buffer[length..], type, connection.Id, count);
        }

        return length;
    }

    protected override void OnStarved(MultiplexedConnection connection)
    {
        if (connection.IsStarved) return;
        connection.IsStarved = true;
        AddDue(connection, ConnectionDue.Blocked);
    }

    protected override void Unlist(MultiplexedConnection connection)
    {
        if (connection.IsListed) _growth -= connection.Window - Limits.Window;
        base.Unlist(connection);
    }

    private static int Write(Span<byte> buffer, TunnelFrameType type, uint connection, int length)
    {
        new TunnelFrame(type, length, connection).Write(buffer);
        return HeaderLength + length;
    }

    private static int WriteCredit(MultiplexedConnection connection, Span<byte> payload)
    {
        long more = MoreFor(connection);
        connection.Granted += more;
        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)more);
        return sizeof(uint);
    }

    /// <summary>How much more the peer could be allowed to send.</summary>
    private static long MoreFor(MultiplexedConnection connection) =>
        connection.Received - connection.Waiting + connection.Window - connection.Granted;

    private bool IsPingDue(Instant now) =>
        _theirs is not null && _pingSent is null && now >= _nextPing && _trafficAtPing != Sent + Received;

    private void Begin(MultiplexedConnection connection)
    {
        if (connection.Protocol == TunnelProtocol.Tcp) connection.Credit = _theirs!.Window;
        connection.Window = connection.Granted = Limits.Window;
        List(connection);
    }

    private void EndWith(ConnectionDue due, MultiplexedConnection connection, TunnelReason reason, string text)
    {
        if (!connection.IsListed) return;
        (connection.Reason, connection.ReasonText) = (reason, text);
        Unlist(connection);
        connection.Due &= ConnectionDue.Open; // Nothing else matters any more.
        AddDue(connection, due);
    }

    /// <summary>Renews the credit when half the window is free: less would be a frame for every few bytes.</summary>
    private void AllowMore(MultiplexedConnection connection)
    {
        if (connection.CanReceive && MoreFor(connection) >= connection.Window / 2) AddDue(connection, ConnectionDue.Credit);
    }

    /// <summary>The sender is held up by the window alone: it grows if the receiver keeps up, as far as memory allows.</summary>
    private void Grow(MultiplexedConnection connection)
    {
        if (connection.Waiting > connection.Window / 4) return;
        long window = Math.Min(Math.Min(connection.Window * GrowthFactor, Limits.LargestWindow), connection.Window + Limits.Growth - _growth);
        if (window > connection.Window)
        {
            _growth += window - connection.Window;
            connection.Window = window;
        }

        AllowMore(connection);
    }
}
