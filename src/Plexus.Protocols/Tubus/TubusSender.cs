using System.Buffers.Binary;
using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tubus;

/// <summary>Our half of a channel's data: what to send when, and what became of it.</summary>
internal sealed class TubusSender
{
    // Two of one's own datagrams per probe timeout are enough to learn whether the path is alive: RFC 9002 section 6.2.4.
    private const int ProbeDatagrams = 1;

    // Fragments that the stretches of one datagram lead us through. An honest peer's lead on from where they ended before; another one's
    // could lead through the whole window each.
    private const int MostVisited = 16_384;

    // What is left of a datagram is not worth a piece that is smaller, unless it is all there is.
    private const int LeastPiece = 512;

    // The back-off ends here, so that a stream is back soon after an outage. The original repeats each 10 to 100 ms.
    private static readonly TimeSpan LongestProbeTimeout = TimeSpan.FromSeconds(1);

    // The original's least. Shorter, and each pause of a process on a short path would look like a loss.
    private static readonly TimeSpan LeastProbeTimeout = TimeSpan.FromMilliseconds(10);

    private readonly TubusOptions _options;
    private readonly SendWindow _window;
    private readonly DeliveryRate _rate = new();
    private readonly ICongestionControl _control;
    private readonly Pacer _pacer = new();
    private readonly LossDetection _loss;
    private readonly (ulong Start, ulong End)[] _seen = new (ulong, ulong)[64]; // Stretches of the peer that were walked through.
    private long _edge; // The peer takes what lies before it.
    private long _budget; // What may still be sent in this call, in bytes.
    private long _order; // The number of the next transmission.
    private int _probes; // Datagrams that may exceed the window now.
    private int _timeouts; // Probe timeouts in a row.
    private Instant _lastSent;
    private Instant _lastProgress;
    private bool _launched; // in this call
    private bool _acknowledged; // in this batch
    private TimeSpan? _sample; // of this batch's newest fragment
    private long _newest; // Its order.

    public TubusSender(TubusOptions options, PagePool pool, ICongestionControl control)
    {
        _options = options;
        _window = new SendWindow(pool);
        _loss = new LossDetection(_window, RoundTrip, _rate);
        Mtu = new PathMtu(options.LargestDatagram);
        _control = control;
        _control.DatagramLength = Mtu.Size;
    }

    public RoundTrip RoundTrip { get; } = new();

    public PathMtu Mtu { get; }

    public SendWindow Window => _window;

    public ICongestionControl Control => _control;

    public LossDetection Loss => _loss;

    public Pacer Pacer => _pacer;

    public long RepeatedBytes { get; private set; }

    public long ProbeTimeoutCount { get; private set; }

    /// <summary>Whether a fragment was sent as often as allowed.</summary>
    public bool IsExhausted { get; private set; }

    /// <summary>How much <see cref="Write"/> takes.</summary>
    public int Writable => (int)Math.Max(0, Math.Min(
        _options.UnsentLimit - (_window.Written - _window.Sent), _options.SendBuffer - (_window.Written - _window.Acknowledged)));

    /// <summary>Whether all that was written has arrived.</summary>
    public bool IsFlushed => _window.Acknowledged == _window.Written;

    /// <summary>When something last arrived that had not before.</summary>
    public Instant LastProgress => _lastProgress;

    /// <summary>The edge that the peer announced last.</summary>
    public ulong Edge => (ulong)_edge;

    /// <summary>The number that the next transmission will have, for <see cref="OnPingEcho"/>.</summary>
    public long NextOrder => _order;

    public int Write(ReadOnlySpan<byte> data, Instant now)
    {
        int length = Math.Min(data.Length, Writable);
        if (length == 0) return 0;
        if (IsFlushed) _lastProgress = now;
        _window.Write(data[..length]);
        if (_window.Written - _window.Sent > Mtu.Size) Mtu.Want();
        return length;
    }

    public void OnEdge(ulong edge) => _edge = Math.Max(_edge, (long)Math.Min(edge, long.MaxValue));

    /// <summary>Takes the echo of a move.</summary>
    public void OnEcho(ulong offset, Instant now)
    {
        if (_window.TryFind(offset, out long number)) Acknowledge(number, now);
    }

    /// <summary>Takes what the peer says has arrived; many echoes in one.</summary>
    /// <param name="next">All before this offset.</param>
    /// <param name="stretches">What has arrived behind gaps.</param>
    /// <param name="now">The time.</param>
    public void OnArrived(ulong next, ReadOnlySpan<byte> stretches, Instant now)
    {
        if (next > (ulong)_window.Acknowledged) AcknowledgeAll(_window.Lowest, next, now);
        int patience = MostVisited;
        for (; !stretches.IsEmpty && patience > 0; stretches = stretches[TubusSections.StretchLength..])
        {
            ulong start = BinaryPrimitives.ReadUInt64BigEndian(stretches);
            ulong end = BinaryPrimitives.ReadUInt64BigEndian(stretches[TubusSections.NumberLength..]);
            if (start >= end || end > (ulong)_window.Sent) continue;
            // A stretch that grew since it was told last begins where it did then: what was seen is not walked through again.
            ref (ulong Start, ulong End) seen = ref _seen[(int)(start / PathMtu.Base) & (_seen.Length - 1)];
            bool isKnown = seen.Start == start && seen.End <= end;
            patience -= AcknowledgeAll(_window.FirstFrom(isKnown ? seen.End : start), end, now);
            seen = (start, end);
        }
    }

    /// <summary>Takes the echo of a ping: a round trip that no repetition makes ambiguous.</summary>
    /// <param name="roundTrip">From the ping to its echo.</param>
    /// <param name="order">What <see cref="NextOrder"/> was when it was sent.</param>
    public void OnPingEcho(TimeSpan roundTrip, long order, Instant now)
    {
        RoundTrip.OnSample(roundTrip, now);
        if (_timeouts > 0) _loss.OnArrival(order, roundTrip);
    }

    /// <summary>Ends a batch of echoes: looks for losses, and tells congestion control.</summary>
    public void EndBatch(Instant now)
    {
        if (_acknowledged)
        {
            if (_sample is { } sample) RoundTrip.OnSample(sample, now);
            _lastProgress = now;
            _timeouts = _probes = 0;
            Mtu.OnProgress();
            _window.Release();
        }

        bool lost = _loss.Detect(now);
        if (_acknowledged || lost) Tell(now);
        _acknowledged = false;
        _sample = null;
        _newest = 0;
    }

    /// <summary>When <see cref="OnDeadline"/> is wanted.</summary>
    public Instant? Deadline(Instant now)
    {
        Instant? due = Instant.Earliest(_loss.Deadline, ProbeDue);
        if (WantsToSend && _window.InFlight < _control.Window && !IsFlightFull) due = Instant.Earliest(due, _pacer.NextSend(now));
        return due;
    }

    public void OnDeadline(Instant now)
    {
        if (_loss.Deadline <= now && _loss.Detect(now)) Tell(now);
        if (!(ProbeDue <= now)) return;
        _timeouts++;
        ProbeTimeoutCount++;
        _probes = ProbeDatagrams;
        _lastSent = now; // The next one waits from here, also when the shell cannot send.
        _control.OnProbeTimeout(now);
        if (Mtu.OnProbeTimeout(_timeouts)) _control.DatagramLength = Mtu.Size;
    }

    /// <summary>Whether a ping should go with the next datagram, since an echo of a repetition would tell no round trip.</summary>
    public bool WantsPing => _probes > 0;

    /// <summary>Begins a call that writes datagrams: how much may be sent is counted from here.</summary>
    public void BeginTransmit(Instant now)
    {
        _launched = false;
        _budget = Math.Min(_control.Window - _window.InFlight, _pacer.Allowance(now));
        if (IsFlightFull) _budget = 0;
    }

    /// <summary>Writes as many moves as fit, none larger than the room.</summary>
    /// <returns>Whether any was written.</returns>
    public bool WriteMoves(ref TubusWriter writer, Instant now)
    {
        bool any = false;
        while (writer.Room > TubusWriter.NumberedLength && TryNext(writer.Room - TubusWriter.NumberedLength, out long number))
        {
            Launch(number, ref writer, now);
            any = true;
        }

        return any;
    }

    /// <summary>Whether the next fragment is one that was cut for a larger path: it goes alone, and IP may cut it.</summary>
    public bool TryNextOversized(int room, out long number)
    {
        number = _window.FirstLost;
        if (_probes > 0 && number == FragmentList.None) number = _window.Lowest;
        return number != FragmentList.None && (_budget > 0 || _probes > 0) && _window[number].Length + Fragment.Overhead > room;
    }

    public void Launch(long number, ref TubusWriter writer, Instant now)
    {
        ref Fragment fragment = ref _window[number];
        _window.CopyTo(fragment, writer.WriteMove(fragment.Offset, fragment.Length));
        if (fragment.Transmissions > 0) RepeatedBytes += fragment.Length;
        fragment.Stamp = _rate.OnSent(fragment.Cost, _window.InFlight, now);
        fragment.Order = _order++;
        fragment.Sent = now;
        _window.Launch(number);
        _budget -= fragment.Cost;
        if (_probes > 0) _probes--;
        if (fragment.Transmissions > _options.MoveAttempts) IsExhausted = true;
        if (IsFlightFull) _budget = 0;
        _launched = true;
    }

    /// <summary>Ends a call that wrote datagrams.</summary>
    /// <param name="bytes">Their length together.</param>
    /// <param name="inFlight">What was in flight before.</param>
    /// <param name="isProbe">Whether it is a datagram that asks for the path's size.</param>
    /// <param name="now">The time.</param>
    public void EndTransmit(int bytes, long inFlight, bool isProbe, Instant now)
    {
        // Echoes alone are not paced: what a receiver owes for thousands of them would hold up its first answer for seconds.
        if (_launched || isProbe) _pacer.OnSent(bytes, now);
        if (_launched) _lastSent = now;
        long sent = _window.InFlight - inFlight;
        if (sent > 0) _control.OnSent((int)sent, inFlight, now);
    }

    /// <summary>Tells that there was nothing more to be sent.</summary>
    public void OnNothingToSend()
    {
        if (!WantsToSend && _window.InFlight < _control.Window) _rate.OnApplicationLimited(_window.InFlight);
    }

    /// <summary>Drops what is on its way and what waits.</summary>
    public void Abandon() => _window.Clear();

    private bool IsFlightFull => _window.InFlightCount >= _options.FlightLimit;

    private bool WantsToSend => _window.FirstLost != FragmentList.None || Unsent > 0;

    /// <summary>What could be cut now, as far as the peer lets us.</summary>
    private long Unsent => Math.Min(_window.Written, _edge) - _window.Sent;

    private Instant? ProbeDue
    {
        get
        {
            if (_window.InFlightCount == 0) return null;
            TimeSpan timeout = RoundTrip.ProbeTimeout(_timeouts);
            TimeSpan longest = RoundTrip.ProbeTimeout();
            if (longest < LongestProbeTimeout) longest = LongestProbeTimeout;
            if (timeout > longest) timeout = longest;
            TimeSpan least = LeastProbeTimeout * (1 << Math.Min(_timeouts, 6));
            if (timeout < least) timeout = least;
            return (_lastSent > _lastProgress ? _lastSent : _lastProgress) + timeout;
        }
    }

    private bool TryNext(int room, out long number)
    {
        number = FragmentList.None;
        if (_probes > 0)
        {
            number = _window.FirstLost != FragmentList.None ? _window.FirstLost : _window.Lowest;
            if (number == FragmentList.None) _probes = 0;
            else return _window[number].Length <= room;
        }

        if (_budget <= 0) return false;
        number = _window.FirstLost;
        if (number != FragmentList.None) return _window[number].Length <= room;
        long length = Math.Min(Unsent, room);
        if (length < Math.Min(LeastPiece, Unsent) || length <= 0) return false;
        number = _window.Cut((int)length);
        return true;
    }

    /// <summary>Acknowledges all fragments from one on that end before an offset.</summary>
    /// <returns>How many were looked at.</returns>
    private int AcknowledgeAll(long number, ulong end, Instant now)
    {
        if (number == FragmentList.None) return 0;
        long first = number;
        for (; number < _window.End; number++)
        {
            ref Fragment fragment = ref _window[number];
            if ((ulong)(fragment.Offset + fragment.Length) > end) break;
            if (fragment.State != FragmentState.Acknowledged) Acknowledge(number, now);
        }

        return (int)(number - first);
    }

    private void Acknowledge(long number, Instant now)
    {
        ref Fragment fragment = ref _window[number];
        TimeSpan? sample = _loss.OnEcho(fragment, now);
        if (fragment.Order >= _newest)
        {
            // Only what was sent last tells a round trip: the acknowledgement of the others may have been lost before.
            _newest = fragment.Order;
            _sample = sample;
        }

        _rate.OnAcknowledged(fragment.Stamp, fragment.Cost, fragment.Sent, now);
        _window.Acknowledge(number);
        _acknowledged = true;
    }

    private void Tell(Instant now)
    {
        _control.OnFeedback(new Feedback(
            now, _window.InFlight, _sample, RoundTrip.Least, RoundTrip.Smoothed, _rate.Take(RoundTrip.Least)));
        _pacer.SetRate(_control.BytesPerSecond, RoundTrip.Least, Mtu.Size, now);
    }
}
