namespace Plexus.Protocols.Tubus;

/// <summary>The life of a channel: link, signs of life, tear; all but its data.</summary>
/// <remarks>
/// <code>
///   connector                           acceptor
///   Connecting ── link, edge ─────►     Accepting
///   Linked     ◄─ link echo, edge ──    Linked      no third step: its echo is made good by a repeated link
///              ◄─ ping, ping echo ─►                both sides ask
///   Closing    ── tear ───────────►     Closed      by either side, when all it wrote has been acknowledged
///   Closed     ◄─ tear echo ───────                 repeated for as long as the tear is
/// </code>
/// </remarks>
internal sealed class TubusLink
{
    private const int MostPingEchoes = 8; // A path MTU search sends four at once.

    // The original repeats a link or tear each 100 ms; we slow down.
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    // A ping without an echo: the path may be down, or have lost it.
    private static readonly TimeSpan FirstPingPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPingPause = TimeSpan.FromSeconds(5);

    // Time for some pings and their echoes. Less than the 30 s for which a new connector asks.
    private static readonly TimeSpan LongestDoubt = TimeSpan.FromSeconds(6);

    // An echo that comes later measures nothing.
    private static readonly TimeSpan LongestRoundTrip = TimeSpan.FromMinutes(2);

    private readonly TubusOptions _options;
    private readonly ulong _nonce; // Hides our clock, and makes echoes unguessable.
    private readonly EchoQueue _pingEchoes = new(MostPingEchoes);
    private bool _owesLink;
    private bool _owesLinkEcho;
    private bool _owesPing;
    private bool _owesTear;
    private bool _owesTearEcho;
    private Instant? _repeatDue; // of link or tear
    private TimeSpan _repeatPause = FirstPause;
    private Instant? _expires; // of connecting, accepting, tearing
    private Instant? _pingDue;
    private TimeSpan _pingPause = FirstPingPause;
    private ulong _lastPing;
    private Instant _lastPingAt;
    private Instant? _doubted; // Since when somebody at the peer's endpoint asks for another channel.

    public TubusLink(TubusOptions options, TubusRole role, Func<ulong> random, Instant now)
    {
        _options = options;
        _nonce = random();
        LastHeard = now;
        if (role == TubusRole.Connector)
        {
            State = TubusState.Connecting;
            _owesLink = true;
            _expires = now + options.ConnectTimeout;
        }
        else
        {
            State = TubusState.Accepting;
            _expires = now + options.AcceptTimeout;
        }
    }

    public TubusState State { get; private set; }

    public TubusEnd? End { get; private set; }

    /// <summary>When the peer was last heard.</summary>
    public Instant LastHeard { get; set; }

    /// <summary>Whether a tear is on its way: no data is sent any more.</summary>
    public bool IsTearing { get; private set; }

    /// <summary>Whether the next datagram has a tear.</summary>
    public bool OwesTear => _owesTear;

    /// <summary>Whether something should be sent.</summary>
    public bool IsPending =>
        _owesLink || _owesLinkEcho || _owesPing || _owesTear || _owesTearEcho || _pingEchoes.Count > 0;

    public Instant? Deadline
    {
        get
        {
            if (State == TubusState.Closed) return null;
            Instant? due = Instant.Earliest(_repeatDue, _expires);
            if (State is not (TubusState.Linked or TubusState.Closing)) return due;
            return Instant.Earliest(due, Instant.Earliest(_pingDue, LastHeard + _options.SilenceLimit));
        }
    }

    public void OnLink(Instant now)
    {
        if (State == TubusState.Closed) return;
        _owesLinkEcho = true;
        if (State == TubusState.Accepting) OnLinked(now);
    }

    public void OnLinkEcho(Instant now)
    {
        if (State == TubusState.Connecting) OnLinked(now);
    }

    public void OnPing(ulong value)
    {
        if (State is TubusState.Linked or TubusState.Closing) _pingEchoes.Add(value);
    }

    /// <summary>Takes the echo of a ping.</summary>
    /// <param name="roundTrip">The time from the ping to now.</param>
    /// <param name="isNewest">Whether it was the last ping that was sent.</param>
    /// <returns>False when it is not the echo of a ping of ours.</returns>
    public bool OnPingEcho(ulong value, Instant now, out TimeSpan roundTrip, out bool isNewest)
    {
        isNewest = value == _lastPing;
        roundTrip = now - new Instant(TimeSpan.FromTicks((long)(value ^ _nonce)));
        if (roundTrip < TimeSpan.Zero || roundTrip > LongestRoundTrip) return false;
        _pingPause = FirstPingPause;
        if (State is TubusState.Linked or TubusState.Closing) _pingDue = now + _options.PingInterval;
        return true;
    }

    /// <summary>Notes that the peer has shown that it hears us: the accepting is over.</summary>
    public void OnValidated()
    {
        if (!IsTearing) _expires = null;
    }

    /// <summary>Takes the peer's tear, which ends everything at once.</summary>
    /// <param name="isComplete">Whether all of the peer's stream has arrived.</param>
    public void OnTear(bool isComplete)
    {
        _owesTearEcho = true;
        if (State is TubusState.Linked or TubusState.Closing)
            Finish(IsTearing ? TubusEnd.Closed : isComplete ? TubusEnd.ClosedByPeer : TubusEnd.CutOffByPeer);
    }

    public void OnTearEcho()
    {
        if (IsTearing) Finish(TubusEnd.Closed);
    }

    /// <summary>Begins the end: everything that was written is still delivered.</summary>
    public void Close()
    {
        if (State is TubusState.Linked) State = TubusState.Closing;
        else if (State is TubusState.Connecting or TubusState.Accepting) Finish(TubusEnd.Aborted);
    }

    /// <summary>Sends the tear: all has been delivered.</summary>
    public void Tear(Instant now)
    {
        if (State != TubusState.Closing || IsTearing) return;
        IsTearing = _owesTear = true;
        _owesLink = _owesPing = false;
        _pingDue = null;
        _repeatPause = FirstPause;
        _expires = now + _options.ShutdownTimeout;
    }

    /// <summary>Ends the channel for a reason.</summary>
    /// <param name="tells">Whether the peer is told once.</param>
    public void Finish(TubusEnd end, bool tells = false)
    {
        if (State == TubusState.Closed) return;
        bool wasLinked = State is TubusState.Linked or TubusState.Closing;
        State = TubusState.Closed;
        IsTearing = false;
        End = end;
        _owesLink = _owesLinkEcho = _owesPing = false;
        _owesTear = tells && wasLinked;
        _pingEchoes.Clear();
        _repeatDue = _expires = _pingDue = null;
    }

    public void OnDeadline(Instant now)
    {
        if (_expires <= now) Expire();
        if (State == TubusState.Closed) return;
        if (_repeatDue <= now)
        {
            _repeatDue = null;
            _owesLink = State == TubusState.Connecting;
            _owesTear = IsTearing;
        }

        if (State is not (TubusState.Linked or TubusState.Closing)) return;
        if (now - LastHeard >= _options.SilenceLimit) Finish(TubusEnd.PeerSilent);
        else if (_pingDue <= now) Ping();
    }

    /// <summary>Asks the peer for a round trip, unless that was done within a second.</summary>
    public void Measure(Instant now)
    {
        if (now - _lastPingAt >= FirstPingPause) Ping();
    }

    /// <summary>Asks the peer for a sign of life with the next datagram.</summary>
    public void Ping()
    {
        if (State is not (TubusState.Linked or TubusState.Closing) || IsTearing) return;
        _owesPing = true;
        _pingDue = null;
    }

    /// <summary>
    /// Notes that the peer's endpoint asks for another channel. Either it has begun anew and forgotten this one, or somebody pretends: a
    /// peer that lives answers the ping.
    /// </summary>
    public void Doubt(Instant now)
    {
        if (State != TubusState.Linked) return;
        if (LastHeard <= _doubted)
        {
            if (now - _doubted >= LongestDoubt) Finish(TubusEnd.PeerSilent);
        }
        else if (!(now - _doubted < FirstPingPause))
        {
            _doubted = now;
            Ping();
        }
    }

    /// <summary>Writes what is due, but for a ping and its echoes, as far as it fits.</summary>
    /// <returns>Whether a link or its echo was written.</returns>
    public bool Write(ref TubusWriter writer, Instant now)
    {
        bool links = _owesLink && TryWrite(ref writer, TubusSectionType.Link, ref _owesLink);
        if (links) Repeat(now);
        if (_owesLinkEcho) links |= TryWrite(ref writer, TubusSectionType.LinkEcho, ref _owesLinkEcho);
        if (_owesTear && TryWrite(ref writer, TubusSectionType.Tear, ref _owesTear) && IsTearing) Repeat(now);
        if (_owesTearEcho) TryWrite(ref writer, TubusSectionType.TearEcho, ref _owesTearEcho);
        return links;
    }

    /// <summary>Writes a ping if one is due, and the echoes of the peer's, as far as they fit.</summary>
    /// <returns>Whether a ping was written.</returns>
    public bool WritePing(ref TubusWriter writer, Instant now)
    {
        bool asks = _owesPing && writer.Room >= TubusWriter.NumberedLength;
        if (asks)
        {
            _lastPing = (ulong)now.SinceStart.Ticks ^ _nonce;
            writer.Write(TubusSectionType.Ping, _lastPing);
            _lastPingAt = now;
            _owesPing = false;
            _pingDue = now + _pingPause;
            _pingPause = _pingPause * 2 < LongestPingPause ? _pingPause * 2 : LongestPingPause;
        }

        while (_pingEchoes.Count > 0 && writer.Room >= TubusWriter.NumberedLength)
            writer.Write(TubusSectionType.PingEcho, _pingEchoes.Take());
        return asks;
    }

    private void OnLinked(Instant now)
    {
        if (State == TubusState.Connecting) _expires = null; // An acceptor waits on for a proof that it is heard.
        State = TubusState.Linked;
        LastHeard = now;
        _owesLink = false;
        _repeatDue = null;
        Ping();
    }

    private void Expire() => Finish(
        State == TubusState.Connecting ? TubusEnd.ConnectTimedOut : IsTearing ? TubusEnd.CloseUnconfirmed : TubusEnd.AcceptTimedOut);

    private void Repeat(Instant now)
    {
        _repeatDue = now + _repeatPause;
        _repeatPause = _repeatPause * 2 < LongestPause ? _repeatPause * 2 : LongestPause;
    }

    private static bool TryWrite(ref TubusWriter writer, TubusSectionType type, ref bool owes)
    {
        if (writer.Room < TubusWriter.BareLength) return false;
        writer.Write(type);
        owes = false;
        return true;
    }
}
