using System.Buffers.Binary;
using System.Net;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>
/// A model of libtubus 1.2: fixed repetition, 48 moves in flight, out-of-order data kept by handle, no flush at shutdown, no checks.
/// What would end the original's process or channel is noted in <see cref="Failure"/>.
/// </summary>
internal sealed class OriginalTubus : IDatagramProtocol
{
    private const int LargestDatagram = 1406;
    private const int MostInFlight = 48;
    private const int MostSends = 32;
    private const long ReceiveBuffer = 5_242_880;
    private const ushort Link = 2, LinkEcho = 3, Tear = 4, TearEcho = 5, PingType = 6, PingEcho = 7, MoveType = 8, MoveEcho = 9, Edge = 10, EdgeEcho = 11;

    private static readonly TimeSpan LeastRepeat = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(35);
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LinkTimeout = TimeSpan.FromSeconds(30);

    private readonly IPEndPoint _peer;
    private readonly bool _connects;
    private readonly ulong _secret;
    private readonly uint _pin;
    private readonly Random _random;
    private readonly SortedDictionary<ulong, byte[]> _arrived = []; // by handle, never cut and never joined
    private readonly SortedDictionary<ulong, Move> _moves = [];
    private readonly SortedSet<ulong> _moveEchoes = [];
    private readonly SortedDictionary<ushort, (Instant Due, ulong Value)> _jobs = [];
    private TimeSpan _repeat = TimeSpan.FromMilliseconds(100);
    private Instant _now;
    private Instant _lastHeard;
    private Instant _expires = new(TimeSpan.MaxValue);
    private Instant? _nextPing;
    private uint _remotePin;
    private ulong _readPosition;
    private ulong _ownEdge = ReceiveBuffer;
    private ulong _peerEdge;
    private bool _owesEdgeEcho;
    private Instant? _edgeDue;
    private ulong _cut; // What was made into moves.

    public OriginalTubus(IPEndPoint peer, bool connects, ulong secret, uint pin, Random random, Instant now)
    {
        (_peer, _connects, _secret, _pin, _random, _now) = (peer, connects, secret, pin, random, now);
        _expires = now + LinkTimeout;
        _lastHeard = now;
        if (!connects) return;
        _jobs[Link] = (now, 0);
        _edgeDue = now;
    }

    public enum Life
    {
        Connecting, Accepting, Linked, Shutting, Finished,
    }

    public Life State { get; private set; }

    /// <summary>Why it failed or would have crashed; null while all is well.</summary>
    public string? Failure { get; private set; }

    public long ToWrite { get; set; }

    public long Written { get; private set; }

    public long Read { get; private set; }

    public long WrongAt { get; private set; } = -1;

    public bool IsReading { get; set; } = true;

    public Func<bool>? ShutsWhen { get; set; }

    public bool AllAcknowledged => _cut == (ulong)ToWrite && _moves.Count == 0;

    public Instant? Deadline
    {
        get
        {
            if (State == Life.Finished) return null;
            Instant due = _lastHeard + SilenceLimit < _expires && State == Life.Linked ? _lastHeard + SilenceLimit : _expires;
            foreach ((Instant when, _) in _jobs.Values) due = when < due ? when : due;
            if (_edgeDue is { } edge && edge < due) due = edge;
            if (_nextPing is { } ping && ping < due) due = ping;
            foreach (Move move in _moves.Values)
            {
                if (move.Sends > 0 && move.Sent + _repeat < due) due = move.Sent + _repeat;
            }

            return due;
        }
    }

    public OriginalTubus Begin()
    {
        State = _connects ? Life.Connecting : Life.Accepting;
        return this;
    }

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        _now = now;
        if (State == Life.Finished || !from.Equals(_peer)) return; // Its socket is connected.
        byte[] plain = datagram.ToArray();
        if (_secret != 0 && plain.Length >= 8) OriginalMask.Remove(plain, _secret);
        if (plain.Length <= 16 || BinaryPrimitives.ReadUInt32BigEndian(plain.AsSpan(8)) != 0x0909_0102) return;
        uint pin = BinaryPrimitives.ReadUInt32BigEndian(plain.AsSpan(12));
        if (_remotePin != 0 && pin != _remotePin) return;
        _lastHeard = now;
        for (int at = 16; at + 4 <= plain.Length;)
        {
            ushort type = BinaryPrimitives.ReadUInt16BigEndian(plain.AsSpan(at));
            int length = BinaryPrimitives.ReadUInt16BigEndian(plain.AsSpan(at + 2));
            if (type == 0) break;
            bool hasNumber = type is >= PingType and <= EdgeEcho;
            if (at + 4 + length > plain.Length || (hasNumber && length < 8))
            {
                Failure ??= "crashed by a malformed section";
                return;
            }

            ReadOnlySpan<byte> value = plain.AsSpan(at + 4, length);
            OnSection(type, hasNumber ? BinaryPrimitives.ReadUInt64BigEndian(value) : 0, hasNumber ? value[8..] : default, pin);
            at += 4 + length;
            if (State == Life.Finished) return;
        }

        Work();
    }

    public void OnDeadline(Instant now)
    {
        _now = now;
        if (State == Life.Linked && now - _lastHeard >= SilenceLimit) Fail("interrupted by silence");
        else if (now >= _expires) Fail("interrupted");
        if (_nextPing <= now)
        {
            _nextPing = null;
            _jobs[PingType] = (now, 0);
        }

        Work();
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        _now = now;
        transmit = default;
        Work();
        if (State == Life.Finished && !_jobs.ContainsKey(TearEcho)) return false;
        Span<byte> datagram = buffer[..LargestDatagram];
        datagram[..16].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(datagram[8..], 0x0909_0102);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[12..], _pin);
        int length = Compose(datagram);
        if (length == 16) return false;
        if (_secret != 0) OriginalMask.Apply(datagram[..length], _secret, (ulong)_random.NextInt64(1, long.MaxValue));
        transmit = new Transmit(length, _peer);
        return true;
    }

    private void OnSection(ushort type, ulong number, ReadOnlySpan<byte> data, uint pin)
    {
        switch (type)
        {
            case Link:
                _remotePin = pin;
                _jobs[LinkEcho] = (_now, 0);
                break;
            case LinkEcho when State == Life.Connecting:
                _remotePin = pin;
                _jobs.Remove(Link);
                OnLinked();
                _jobs[PingType] = (_now, 0);
                break;
            case Tear:
                _jobs[TearEcho] = (_now, 0);
                break;
            case TearEcho when State == Life.Shutting:
                _jobs.Clear();
                State = Life.Finished;
                break;
            case PingType:
                _jobs[PingEcho] = (_now, number);
                break;
            case PingEcho when _jobs.Remove(PingType):
                TimeSpan twice = (_now - new Instant(TimeSpan.FromMicroseconds(number))) * 2;
                _repeat = twice > LeastRepeat ? twice : LeastRepeat;
                _nextPing = _now + PingTimeout;
                break;
            case MoveType when State != Life.Shutting:
                OnMove(number, data);
                break;
            case MoveEcho:
                _moves.Remove(number);
                break;
            case Edge:
                _peerEdge = Math.Max(_peerEdge, number);
                _owesEdgeEcho = true;
                break;
            case EdgeEcho when number == _ownEdge:
                _edgeDue = null;
                break;
        }
    }

    private void OnMove(ulong handle, ReadOnlySpan<byte> data)
    {
        if (data.Length == 0 || handle + (ulong)data.Length > _ownEdge)
        {
            Fail("no buffer space");
            return;
        }

        _moveEchoes.Add(handle);
        if (handle >= _readPosition) _arrived.TryAdd(handle, data.ToArray());
    }

    private void OnLinked()
    {
        State = Life.Linked;
        _expires = new(TimeSpan.MaxValue);
    }

    /// <summary>What its user does: reads what is there, writes while there is room, shuts down.</summary>
    private void Work()
    {
        if (State != Life.Linked) return;
        while (IsReading && _arrived.Remove(_readPosition, out byte[]? data))
        {
            for (int i = 0; i < data.Length && WrongAt < 0; i++)
            {
                if (data[i] != TubusUser.Pattern(Read + i)) WrongAt = Read + i;
            }

            Read += data.Length;
            _readPosition += (ulong)data.Length;
            _ownEdge += (ulong)data.Length;
            _edgeDue = _now;
        }

        if (ShutsWhen?.Invoke() != true) return;
        State = Life.Shutting;
        _expires = _now + ShutdownTimeout;
        _jobs.Clear();
        _jobs[Tear] = (_now, 0);
        _edgeDue = null;
        _owesEdgeEcho = false;
        _moves.Clear();
        _moveEchoes.Clear();
    }

    private int Compose(Span<byte> datagram)
    {
        int at = 16;
        foreach (ushort type in _jobs.Keys.ToArray())
        {
            if (_jobs[type].Due > _now) continue;
            bool repeats = type is Link or Tear or PingType;
            ulong value = type == PingType ? (ulong)_now.SinceStart.TotalMicroseconds : _jobs[type].Value;
            at += Section(datagram[at..], type, type is PingType or PingEcho ? value : null);
            if (repeats) _jobs[type] = (_now + _repeat, value);
            else _jobs.Remove(type);
            if (type == LinkEcho && State == Life.Accepting) OnLinkEchoed();
            if (type != TearEcho) continue;
            State = Life.Finished; // Whatever is unread is gone.
            _jobs.Clear();
        }

        if (State is not (Life.Linked or Life.Connecting)) return at;
        while (_moveEchoes.Count > 0 && datagram.Length - at >= 12)
        {
            at += Section(datagram[at..], MoveEcho, _moveEchoes.Min);
            _moveEchoes.Remove(_moveEchoes.Min);
        }

        if (_edgeDue <= _now && datagram.Length - at >= 12)
        {
            at += Section(datagram[at..], Edge, _ownEdge);
            _edgeDue = _now + _repeat;
        }

        if (State == Life.Linked) at += ComposeMoves(datagram, at);
        if (!_owesEdgeEcho || datagram.Length - at < 12) return at;
        _owesEdgeEcho = false;
        return at + Section(datagram[at..], EdgeEcho, _peerEdge);
    }

    private void OnLinkEchoed()
    {
        OnLinked();
        _edgeDue = _now;
    }

    private int ComposeMoves(Span<byte> datagram, int from)
    {
        int at = from;
        foreach ((ulong handle, Move move) in _moves)
        {
            if (move.Sent + _repeat > _now || datagram.Length - at < move.Data.Length + 12) continue;
            if (move.Sends >= MostSends)
            {
                Fail("broken pipe");
                return 0;
            }

            at += Put(datagram[at..], handle, move);
        }

        while (_moves.Count < MostInFlight && Written < ToWrite && _cut < _peerEdge && datagram.Length - at > 12)
        {
            int length = (int)Math.Min(Math.Min(datagram.Length - at - 12, ToWrite - Written), (long)(_peerEdge - _cut));
            Move move = new(new byte[length]);
            for (int i = 0; i < length; i++) move.Data[i] = TubusUser.Pattern(Written + i);
            _moves.Add(_cut, move);
            at += Put(datagram[at..], _cut, move);
            _cut += (ulong)length;
            Written += length;
        }

        return at - from;
    }

    private int Put(Span<byte> rest, ulong handle, Move move)
    {
        BinaryPrimitives.WriteUInt16BigEndian(rest, MoveType);
        BinaryPrimitives.WriteUInt16BigEndian(rest[2..], (ushort)(8 + move.Data.Length));
        BinaryPrimitives.WriteUInt64BigEndian(rest[4..], handle);
        move.Data.CopyTo(rest[12..]);
        move.Sent = _now;
        move.Sends++;
        return 12 + move.Data.Length;
    }

    private static int Section(Span<byte> rest, ushort type, ulong? number)
    {
        BinaryPrimitives.WriteUInt16BigEndian(rest, type);
        BinaryPrimitives.WriteUInt16BigEndian(rest[2..], (ushort)(number is null ? 0 : 8));
        if (number is not { } value) return 4;
        BinaryPrimitives.WriteUInt64BigEndian(rest[4..], value);
        return 12;
    }

    private void Fail(string how)
    {
        if (State == Life.Finished) return;
        if (State != Life.Shutting) Failure ??= how;
        State = Life.Finished;
        _jobs.Clear();
    }

    private sealed class Move(byte[] data)
    {
        public byte[] Data { get; } = data;

        public Instant Sent { get; set; }

        public int Sends { get; set; }
    }
}
