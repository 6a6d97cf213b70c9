using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tubus;

/// <summary>One reliable stream in each direction over datagrams, with no socket, no clock and no address: docs/protocols/tubus.md.</summary>
/// <remarks>
/// Make a call, drain <see cref="TryTransmit"/> until it answers false, then wait for datagrams or the <see cref="Deadline"/>.
/// A reader should read before the draining, so that what it answers travels with the echoes.
/// </remarks>
internal sealed partial class TubusChannel
{
    // How long the echo of a ping tells enough of the path to grow a window by it.
    private static readonly TimeSpan FreshRoundTrip = TimeSpan.FromSeconds(1);

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
    private Instant _pinged; // When the last echo of a ping came.
    private ulong _written; // The length of our stream.
    private ulong? _final; // The length of the peer's stream, if it has told it.
    private Instant _closed; // When our user closed it.
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
        _sender = new TubusSender(options, _pool, control ?? Choose(options.Congestion, now));
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

    private static ICongestionControl Choose(CongestionAlgorithm algorithm, Instant now) => algorithm switch
    {
        CongestionAlgorithm.Cubic => new CubicControl(PathMtu.Base),
        _ => new BbrControl(PathMtu.Base, new ScatteredNumbers((ulong)now.SinceStart.Ticks).Next, now),
    };

    /// <summary>Whether data, echoes and edges go to and fro.</summary>
    private bool HasData => State == TubusState.Linked || (State == TubusState.Closing && !_link.IsTearing);

    private Instant? FlushDue
    {
        get
        {
            if (State != TubusState.Closing || _link.IsTearing) return null;
            return (_sender.LastProgress > _closed ? _sender.LastProgress : _closed) + Options.FlushTimeout;
        }
    }

    /// <summary>Takes data to be sent, as much as fits.</summary>
    /// <returns>How many octets were taken; zero when the buffers are full, or the channel is closing or closed.</returns>
    public int Write(ReadOnlySpan<byte> data, Instant now)
    {
        _now = now;
        if (State is TubusState.Closing or TubusState.Closed) return 0;
        int length = _sender.Write(data, now);
        _written += (ulong)length;
        if (length > 0) Changed?.Invoke();
        return length;
    }

    /// <summary>Gives data that has arrived in order.</summary>
    /// <returns>How many octets were read; zero when there are none at the moment.</returns>
    public int Read(Span<byte> buffer, Instant now)
    {
        _now = now;
        ReceiveWindow window = _receiver.Window;
        int length = window.Read(buffer, now - _pinged < FreshRoundTrip ? _sender.RoundTrip.Least : null, now);
        if (!HasData || !(window.WantsEdge || window.WantsRoundTrip)) return length;
        if (window.WantsRoundTrip) _link.Measure(now);
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
        _closed = now;
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
