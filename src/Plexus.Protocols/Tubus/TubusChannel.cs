using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tubus;

/// <summary>One reliable stream in each direction over datagrams, with no socket, no clock and no address: docs/protocols/tubus.md.</summary>
/// <remarks>
/// Make a call, drain <see cref="TryTransmit"/> until it answers false, then wait for datagrams or the <see cref="Deadline"/>.
/// A reader should read before the draining, so that what it answers travels with the echoes.
/// </remarks>
internal sealed class TubusChannel
{
    /// <summary>The most datagrams of one <see cref="TryTransmit"/>.</summary>
    public const int MostTogether = 64; // The kernel cuts no more datagrams out of one call (UDP_MAX_SEGMENTS of older ones).
    private const int MostSlack = 16; // Zeros that make a nearly full datagram as long as its neighbours.

    // The extension's value: its version, and zeros. A link is as long as the acceptor's whole answer, with an edge, its echo and a ping: it
    // sends no more than it got until it knows that we hear it.
    private const byte ExtensionVersion = 1;
    private const int LinkExtension = 1 + (2 * TubusWriter.NumberedLength);

    private readonly TubusLink _link;
    private readonly TubusSender _sender;
    private readonly TubusReceiver _receiver;
    private readonly PagePool _pool;
    private readonly ulong _secret;
    private readonly uint _pin;
    private readonly Func<ulong> _random;
    private uint _remotePin; // Zero until there was a link.
    private bool _isValidated; // The peer has shown that it hears us.
    private long _unanswered; // Bytes that may be sent to a peer that has not.
    private long _pingOrder;
    private bool _hasEnded;
    private Instant _now; // of the last call
    private Instant? _trimDue;
    private long _datagramsSent;
    private long _datagramsReceived;
    private long _datagramsDropped;

    /// <param name="options">Sizes and limits.</param>
    /// <param name="role">Who asks for the link.</param>
    /// <param name="secret">The mask of all datagrams; zero is none.</param>
    /// <param name="pin">Our connection number, random and not zero.</param>
    /// <param name="random">
    /// Gives 64 random bits at each call, from a source that nobody can guess; with a secret once a datagram, so it should be buffered.
    /// </param>
    /// <param name="now">The time.</param>
    /// <param name="control">The congestion control; null makes the one of the options.</param>
    /// <param name="pool">Where pages come from; null makes a pool of its own.</param>
    public TubusChannel(
        TubusOptions options,
        TubusRole role,
        ulong secret,
        uint pin,
        Func<ulong> random,
        Instant now,
        ICongestionControl? control = null,
        PagePool? pool = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pin);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.LargestDatagram, PathMtu.Base);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.LargestDatagram, TubusPacket.LongestDatagram);
        Options = options;
        _secret = secret;
        _pin = pin;
        _random = random;
        _pool = pool ?? new PagePool();
        _link = new TubusLink(options, role, random, now);
        _sender = new TubusSender(options, _pool, control ?? Choose(options.Congestion, random, now));
        _receiver = new TubusReceiver(options, _pool);
        _isValidated = role == TubusRole.Connector; // It goes where its user wants.
    }

    public TubusOptions Options { get; }

    /// <summary>Called when a method of the user's made something to be sent.</summary>
    public Action? Changed { get; set; }

    public TubusState State => _link.State;

    /// <summary>Why the channel ended; null while it has not.</summary>
    public TubusEnd? End => _link.End;

    /// <summary>Whether the peer has shown that it hears us, so that its address is no pretence.</summary>
    public bool IsValidated => _isValidated;

    /// <summary>What <see cref="Write"/> takes, in bytes.</summary>
    public int Writable => State is TubusState.Closing or TubusState.Closed ? 0 : _sender.Writable;

    /// <summary>What <see cref="Read"/> gives, in bytes.</summary>
    public long Readable => _receiver.Window.Readable;

    /// <summary>Whether the peer has ended the stream, and all that arrived has been read.</summary>
    public bool IsEndOfStream => State == TubusState.Closed && Readable == 0;

    /// <summary>Whether all that was written before the end had arrived; meaningful once the channel is closed.</summary>
    public bool IsDelivered { get; private set; }

    /// <summary>When <see cref="OnDeadline"/> is wanted; null while nothing is timed.</summary>
    public Instant? Deadline
    {
        get
        {
            Instant? due = Instant.Earliest(_link.Deadline, _trimDue);
            if (!HasData) return due;
            due = Instant.Earliest(due, Instant.Earliest(_receiver.Deadline, _sender.Mtu.Deadline));
            if (_isValidated) due = Instant.Earliest(due, _sender.Deadline(_now));
            return FlushDue is { } flush ? Instant.Earliest(due, flush) : due;
        }
    }

    /// <summary>What decides how much is sent; for looking at.</summary>
    public ICongestionControl Congestion => _sender.Control;

    public TubusReport Report => new(
        _sender.RoundTrip.IsMeasured ? _sender.RoundTrip.Smoothed : null,
        _sender.RoundTrip.IsMeasured ? _sender.RoundTrip.Least : null,
        _sender.Window.Sent,
        _receiver.Window.Next,
        _sender.RepeatedBytes,
        _datagramsSent,
        _datagramsReceived,
        _datagramsDropped,
        _sender.Loss.LostCount,
        _sender.Loss.SpuriousCount,
        _sender.ProbeTimeoutCount,
        _sender.Window.InFlight,
        _sender.Control.Window,
        _sender.Pacer.BytesPerSecond,
        _receiver.Window.Size,
        _sender.Mtu.Size);

    private static ICongestionControl Choose(CongestionAlgorithm algorithm, Func<ulong> random, Instant now) => algorithm switch
    {
        CongestionAlgorithm.Cubic => new CubicControl(PathMtu.Base),
        _ => new BbrControl(PathMtu.Base, random, now),
    };

    /// <summary>Whether data, echoes and edges go to and fro.</summary>
    private bool HasData => State == TubusState.Linked || (State == TubusState.Closing && !_link.IsTearing);

    private Instant? FlushDue => State == TubusState.Closing && !_link.IsTearing ? _sender.LastProgress + Options.FlushTimeout : null;

    /// <summary>Takes data to be sent, as much as fits.</summary>
    /// <returns>How many octets were taken; zero when the buffers are full, or the channel is closing or closed.</returns>
    public int Write(ReadOnlySpan<byte> data, Instant now)
    {
        _now = now;
        if (State is TubusState.Closing or TubusState.Closed) return 0;
        int length = _sender.Write(data, now);
        if (length > 0) Changed?.Invoke();
        return length;
    }

    /// <summary>Gives data that has arrived in order.</summary>
    /// <returns>How many octets were read; zero when there are none at the moment.</returns>
    public int Read(Span<byte> buffer, Instant now)
    {
        _now = now;
        int length = _receiver.Window.Read(buffer, _sender.RoundTrip.Smoothed, now);
        if (!HasData || !_receiver.Window.WantsEdge) return length;
        _receiver.Review();
        Changed?.Invoke();
        return length;
    }

    /// <summary>
    /// Ends the stream: what was written is delivered first. Reading ends at once; what the peer still sends is acknowledged and
    /// thrown away, so that two sides that close together do not wait for each other.
    /// </summary>
    public void Close(Instant now)
    {
        _now = now;
        if (State is TubusState.Closing or TubusState.Closed) return;
        _link.Close();
        if (State == TubusState.Closing)
        {
            _receiver.Window.Discard();
            _receiver.Review();
            TearIfFlushed(now);
        }

        EndIfClosed();
        Changed?.Invoke();
    }

    /// <summary>Ends the channel without care for what is on its way. The peer is told once.</summary>
    public void Abort(Instant now)
    {
        _now = now;
        _link.Finish(TubusEnd.Aborted, tells: true);
        EndIfClosed();
        Changed?.Invoke();
    }

    /// <summary>Takes datagrams that lie one after another; they are changed in place.</summary>
    /// <param name="datagrams">The datagrams.</param>
    /// <param name="datagramLength">The length of each; only the last may be shorter.</param>
    /// <param name="now">The time.</param>
    public void OnDatagrams(Span<byte> datagrams, int datagramLength, Instant now)
    {
        if (datagramLength <= 0) return;
        if (_secret != 0) TubusMask.Remove(datagrams, datagramLength, _secret);
        OnPlainDatagrams(datagrams, datagramLength, now);
    }

    /// <summary>Takes datagrams whose mask is off.</summary>
    public void OnPlainDatagrams(ReadOnlySpan<byte> datagrams, int datagramLength, Instant now)
    {
        _now = now;
        for (int at = 0; at < datagrams.Length; at += datagramLength)
            OnDatagram(datagrams[at..Math.Min(at + datagramLength, datagrams.Length)], now);

        if (State == TubusState.Closed) return;
        _sender.EndBatch(now);
        if (HasData) _receiver.Review();
        TearIfFlushed(now);
        if (_pool.FreeCount > 0) _trimDue ??= now + PagePool.TrimInterval;
    }

    /// <summary>Tells that the deadline has passed. Early and repeated calls are harmless.</summary>
    public void OnDeadline(Instant now)
    {
        _now = now;
        if (_trimDue <= now)
        {
            Trim();
            _trimDue = _pool.FreeCount > 0 ? now + PagePool.TrimInterval : null;
        }

        _link.OnDeadline(now);
        if (FlushDue <= now) _link.Finish(TubusEnd.FlushTimedOut, tells: true);
        if (HasData)
        {
            _receiver.OnDeadline(now);
            if (_isValidated) _sender.OnDeadline(now);
            if (_sender.WantsPing) _link.Ping();
        }

        EndIfClosed();
    }

    /// <summary>Writes datagrams that are due, one after another.</summary>
    /// <param name="buffer">At least 65,507 bytes.</param>
    /// <param name="now">The time.</param>
    /// <param name="length">Their length together.</param>
    /// <param name="datagramLength">The length of each; only the last may be shorter.</param>
    /// <param name="mayFragment">Whether IP may cut them.</param>
    /// <param name="most">The most datagrams, 1 to <see cref="MostTogether"/>.</param>
    /// <returns>False when nothing is due.</returns>
    public bool TryTransmit(
        Span<byte> buffer, Instant now, out int length, out int datagramLength, out bool mayFragment, int most = MostTogether)
    {
        _now = now;
        mayFragment = false;
        if (HasData && _isValidated)
        {
            long inFlight = _sender.Window.InFlight;
            _sender.BeginTransmit(now);
            mayFragment = TryWriteOversized(buffer, now, out length);
            if (mayFragment || TryWriteProbe(buffer, now, out length)) datagramLength = length;
            else length = WriteBatch(buffer, _sender.Mtu.Size, most, now, withMoves: true, out datagramLength);
            if (length > 0) _sender.EndTransmit(length, inFlight, now);
            else _sender.OnNothingToSend();
        }
        else
        {
            int size = _isValidated ? _sender.Mtu.Size : (int)Math.Min(_sender.Mtu.Size, _unanswered);
            length = WriteBatch(buffer, size, _isValidated ? most : 1, now, withMoves: false, out datagramLength);
            _unanswered -= length;
        }

        if (length == 0) return false;
        if (_secret != 0) TubusMask.Apply(buffer[..length], datagramLength, _secret, _random);
        _datagramsSent += (length + datagramLength - 1) / datagramLength;
        if (_sender.IsExhausted) _link.Finish(TubusEnd.TooManyAttempts, tells: true);
        EndIfClosed();
        return true;
    }

    private void OnDatagram(ReadOnlySpan<byte> datagram, Instant now)
    {
        if (!TubusPacket.TryRead(datagram, out TubusPacket packet) || !Admits(packet))
        {
            _datagramsDropped++;
            return;
        }

        _datagramsReceived++;
        _link.LastHeard = now;
        if (!_isValidated) _unanswered += datagram.Length;
        TubusSections sections = packet.Sections;
        while (sections.MoveNext())
        {
            if (sections.Type == TubusSectionType.Move)
            {
                if (HasData) _receiver.OnMove(sections.Number, sections.Data);
            }
            else if (sections.Type == TubusSectionType.MoveEcho)
            {
                _sender.OnEcho(sections.Number, now);
            }
            else if (sections.Type == TubusSectionType.Arrived)
            {
                _sender.OnArrived(sections.Number, sections.Data, now);
            }
            else
            {
                OnSection(sections.Type, sections.Number, now);
            }
        }

        if (sections.IsMalformed) _datagramsDropped++;
    }

    private void OnSection(TubusSectionType type, ulong number, Instant now)
    {
        switch (type)
        {
            case TubusSectionType.Link:
                _link.OnLink(now);
                break;
            case TubusSectionType.LinkEcho:
                _link.OnLinkEcho(now);
                break;
            case TubusSectionType.Tear:
                _link.OnTear(isComplete: !_receiver.Window.HasGaps);
                EndIfClosed();
                break;
            case TubusSectionType.TearEcho:
                _link.OnTearEcho();
                EndIfClosed();
                break;
            case TubusSectionType.Ping:
                _link.OnPing(number);
                break;
            case TubusSectionType.PingEcho:
                OnPingEcho(number, now);
                break;
            case TubusSectionType.Edge when HasData || State == TubusState.Connecting:
                _sender.OnEdge(number);
                _receiver.OnEdge();
                break;
            case TubusSectionType.Extension:
                _receiver.IsPeerOurs = Options.Extends;
                break;
            case TubusSectionType.EdgeEcho:
                _receiver.OnEdgeEcho(number);
                break;
            default:
                break; // Unknown, and skipped: a later version's.
        }
    }

    private void OnPingEcho(ulong value, Instant now)
    {
        if (_sender.Mtu.OnEcho(value, now))
        {
            _sender.Control.DatagramLength = _sender.Mtu.Size;
        }
        else if (_link.OnPingEcho(value, now, out TimeSpan roundTrip, out bool isNewest))
        {
            _isValidated = true;
            _link.OnValidated();
            _sender.OnPingEcho(roundTrip, isNewest ? _pingOrder : 0, now);
        }
    }

    /// <summary>Whether one of these datagrams, their mask off, asks for a channel.</summary>
    public static bool IsLink(ReadOnlySpan<byte> datagrams, int datagramLength) => HasLink(datagrams, datagramLength, pin: 0);

    /// <summary>Whether one of these datagrams, their mask off, asks for another channel than this one.</summary>
    public bool IsForeignLink(ReadOnlySpan<byte> datagrams, int datagramLength) => HasLink(datagrams, datagramLength, _remotePin);

    private static bool HasLink(ReadOnlySpan<byte> datagrams, int datagramLength, uint pin)
    {
        for (int at = 0; at < datagrams.Length; at += datagramLength)
        {
            if (!TubusPacket.TryRead(datagrams[at..Math.Min(at + datagramLength, datagrams.Length)], out TubusPacket packet)
                || packet.Pin == pin) continue;
            TubusSections sections = packet.Sections;
            while (sections.MoveNext())
            {
                if (sections.Type == TubusSectionType.Link) return true;
            }
        }

        return false;
    }

    /// <summary>Whether a datagram is the peer's. The first one must speak of the link, and its pin counts from then on.</summary>
    private bool Admits(in TubusPacket packet)
    {
        if (_remotePin != 0) return packet.Pin == _remotePin;
        TubusSections sections = packet.Sections;
        while (sections.MoveNext())
        {
            if (sections.Type != TubusSectionType.Link
                && !(sections.Type == TubusSectionType.LinkEcho && State == TubusState.Connecting)) continue;
            _remotePin = packet.Pin;
            return true;
        }

        return false;
    }

    private int WriteBatch(Span<byte> buffer, int size, int most, Instant now, bool withMoves, out int datagramLength)
    {
        int length = 0;
        most = size <= TubusPacket.HeaderLength ? 0 : Math.Min(most, Math.Min(buffer.Length, TubusPacket.LongestDatagram) / size);
        for (int i = 0; i < most; i++)
        {
            TubusWriter writer = new(buffer.Slice(length, size), _pin);
            if (_link.IsPending || _receiver.IsPending) WriteControl(ref writer, now);
            if (withMoves) _sender.WriteMoves(ref writer, now);
            if (writer.IsEmpty) break;
            if (writer.Room <= MostSlack) writer.Fill(writer.Length + writer.Room);
            length += writer.Length;
            if (writer.Room > 0) break;
        }

        datagramLength = Math.Min(length, size);
        return length;
    }

    private void WriteControl(ref TubusWriter writer, Instant now)
    {
        bool links = _link.Write(ref writer, now);
        if (links && Options.Extends && (_receiver.IsPeerOurs || State == TubusState.Connecting)) WriteExtension(ref writer);
        if (links && State == TubusState.Connecting) _receiver.WriteEdge(ref writer, now);
        if (_isValidated && _link.WritePing(ref writer, now)) _pingOrder = _sender.NextOrder;
        if (HasData) _receiver.Write(ref writer, _sender.Edge, now);

        if (!_isValidated) _link.WritePing(ref writer, now); // Behind the edge: the peer cannot send without that.
    }

    private void WriteExtension(ref TubusWriter writer)
    {
        Span<byte> value = stackalloc byte[LinkExtension];
        value.Clear();
        value[0] = ExtensionVersion;
        if (State != TubusState.Connecting) value = value[..1];
        if (writer.Room >= TubusWriter.BareLength + value.Length) writer.Write(TubusSectionType.Extension, value);
    }

    /// <summary>Sends a fragment again that was cut for a larger path than there is now: alone, with the same boundaries.</summary>
    private bool TryWriteOversized(Span<byte> buffer, Instant now, out int length)
    {
        length = 0;
        if (!_sender.TryNextOversized(_sender.Mtu.Size, out long number)) return false;
        TubusWriter writer = new(buffer, _pin);
        _sender.Launch(number, ref writer, now);
        length = writer.Length;
        return true;
    }

    /// <summary>
    /// Writes a datagram that asks whether its own size passes. The ping stands behind the padding, so that a reader that cut the
    /// datagram does not answer; and the padding is of many sections, so that one that cuts finds whole ones.
    /// </summary>
    private bool TryWriteProbe(Span<byte> buffer, Instant now, out int length)
    {
        length = 0;
        if (!_sender.Mtu.TryTakeProbe(_random, now, _sender.RoundTrip.Smoothed, out int size, out ulong value)) return false;
        TubusWriter writer = new(buffer[..size], _pin);
        while (writer.Room >= TubusWriter.NumberedLength + (2 * TubusWriter.BareLength)) writer.Write(TubusSectionType.Padding);
        int odd = writer.Room - TubusWriter.NumberedLength - TubusWriter.BareLength;
        if (odd >= 0) writer.Write(TubusSectionType.Padding, stackalloc byte[odd]);
        writer.Write(TubusSectionType.Ping, value);
        length = writer.Length;
        return true;
    }

    private void TearIfFlushed(Instant now)
    {
        if (State == TubusState.Closing && _sender.IsFlushed) _link.Tear(now);
    }

    private void EndIfClosed()
    {
        if (State != TubusState.Closed || _hasEnded) return;
        _hasEnded = true;
        IsDelivered = _sender.IsFlushed;
        _sender.Abandon();
        _receiver.Stop();
        _receiver.Window.DropBeyond();
        _trimDue = null;
        Trim();
    }

    private void Trim()
    {
        _sender.Window.Trim();
        _receiver.Window.Trim();
        _pool.Trim();
    }
}
