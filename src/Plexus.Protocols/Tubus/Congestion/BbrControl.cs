namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>BBR, version 3: sends as fast as the path has been seen to deliver. After draft-ietf-ccwg-bbr-01.</summary>
/// <remarks>
/// <code>
///   Startup ─► Drain ─► ProbeDown ─► ProbeCruise ─► ProbeRefill ─► ProbeUp ─┐      ProbeRoundTrip: from any,
///                           ▲───────────────────────────────────────────────┘      5 s after the least was last seen
/// </code>
/// Where it is not the draft: losses up to <see cref="BbrBounds"/>' threshold are chance in every phase, so that a path which
/// loses a percent is used in full; probes are more frequent and shorter; a round trip near the least one postpones
/// ProbeRoundTrip; on paths shorter than the pacer's limit the window leaves a millisecond for the threads; losses of an outage
/// say nothing about congestion. ECN is left out.
/// </remarks>
internal sealed partial class BbrControl : ICongestionControl
{
    // Gains: sections 2.4 and 4.3. 4 ln 2 is the least that doubles the delivery rate each round trip.
    private const double StartupPacingGain = 2.77;
    private const double DrainPacingGain = 0.5;
    private const double WindowGain = 2;
    private const double ProbeRoundTripWindowGain = 0.5;
    private const double PacingMargin = 0.01; // A little less than measured, so that no queue stays.

    private const int StartupFullLossCount = 6; // BBRStartupFullLossCnt, feedbacks with losses in one round
    private const int DrainRounds = 3; // A queue that outlives so many rounds is of others.
    private const int LeastDatagrams = 4; // BBR.MinPipeCwnd: enough for echoes to overlap
    private const int InitialDatagrams = 10; // RFC 6928
    private const int PersistentCongestion = 3; // probe timeouts in a row, RFC 9002 section 7.6.1

    // A window leaves room for three batches on their way through sender, offloads and receiver: BBR.offload_budget.
    private const int Batches = 3;
    private const int LargestBatch = 64 * 1024;

    // On a path without pacing the window must also cover the time that threads take to wake up. Not more than half of a
    // socket's receive buffer, though: 4 MB.
    private const long LargestShortPathWindow = 2 * 1024 * 1024;
    private static readonly TimeSpan ShortPath = TimeSpan.FromMilliseconds(2); // as the pacer's
    private static readonly TimeSpan WakeUp = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan ProbeRoundTripInterval = TimeSpan.FromSeconds(5); // BBR.ProbeRTTInterval
    private static readonly TimeSpan ProbeRoundTripDuration = TimeSpan.FromMilliseconds(200); // BBR.ProbeRTTDuration
    private static readonly TimeSpan LeastFilter = TimeSpan.FromSeconds(10); // BBR.MinRTTFilterLen
    private const double NearLeast = 1.0 / 32; // A round trip so little above the least has no queue in it worth a probe.

    private readonly BbrModel _model = new();
    private readonly BbrBounds _bounds = new();
    private readonly FullBandwidth _full = new();
    private readonly Func<ulong> _random;

    private double _pacingGain = StartupPacingGain;
    private double _windowGain = WindowGain;
    private double _bandwidth; // BBR.bw: the least of the measured maximum and the short-term bound
    private long _window;
    private long _savedWindow; // BBR.prior_cwnd
    private bool _fullReached; // BBR.full_bw_reached: for good
    private int _drainRounds;
    private bool _idleRestart;
    private bool _limited; // The window stopped the sender in this round.
    private int _lossesInRound;
    private int _probeTimeouts;
    private Instant? _outageEnd; // What was sent before it was lost by an outage.
    private bool _outage;

    private TimeSpan _least = TimeSpan.MaxValue; // BBR.min_rtt
    private Instant _leastAt;
    private TimeSpan _leastSinceProbe = TimeSpan.MaxValue; // BBR.probe_rtt_min_delay
    private Instant _leastSinceProbeAt;
    private bool _probeRoundTripDue;
    private Instant? _probeRoundTripDone;
    private bool _probeRoundTripRound;

    /// <param name="datagramLength">The largest datagram, in bytes.</param>
    /// <param name="random">Gives 64 random bits at each call: flows that began together must not probe together.</param>
    /// <param name="now">The present.</param>
    public BbrControl(int datagramLength, Func<ulong> random, Instant now)
    {
        DatagramLength = datagramLength;
        _random = random;
        _window = (long)InitialDatagrams * datagramLength;
        _leastAt = _leastSinceProbeAt = now;
        _model.RestartFromIdle(now);
    }

    public long Window => _window;

    public double BytesPerSecond { get; private set; } = double.PositiveInfinity;

    public bool IsStarting => !_fullReached;

    public int DatagramLength { get; set; }

    /// <summary>What it is doing.</summary>
    public BbrState State { get; private set; }

    private long LeastWindow => LeastDatagrams * (long)DatagramLength;

    private long ProbeRoundTripWindow => Math.Max(BandwidthDelay(ProbeRoundTripWindowGain), LeastWindow);

    private bool IsProbingBandwidth =>
        State is BbrState.ProbeDown or BbrState.ProbeCruise or BbrState.ProbeRefill or BbrState.ProbeUp;

    public void OnSent(int bytes, long inFlight, Instant now)
    {
        if (inFlight + bytes + DatagramLength > _window) _limited = true;
        if (inFlight > 0) return;
        // BBRHandleRestartFromIdle, section 5.4.1: no bursts, and no probe of a round trip that has no queue anyway.
        _idleRestart = true;
        _model.RestartFromIdle(now);
        if (IsProbingBandwidth) SetRate(1);
        else if (State == BbrState.ProbeRoundTrip) CheckProbeRoundTripDone(now, inFlight);
    }

    public void OnFeedback(in Feedback feedback)
    {
        RateSample rate = feedback.Rate;
        if (_outage && feedback.Acknowledged > 0) EndOutage(feedback.Now);
        _model.OnSample(rate);
        if (feedback.Lost > 0) _lossesInRound++;
        AdaptShortTermBounds();
        if (feedback.Acknowledged > 0)
        {
            _probeTimeouts = 0;
            _model.OnAcknowledged(feedback.Acknowledged, _bandwidth, _window, feedback.Now);
        }

        if (_model.IsRoundStart && !rate.IsApplicationLimited && State != BbrState.ProbeRoundTrip)
            _full.OnRound(Math.Max(_model.LatestBandwidth, rate.BytesPerSecond));
        CheckStartupDone(feedback);
        CheckDrainDone(feedback);
        ProbeBandwidth(feedback);
        UpdateLeast(feedback);
        CheckProbeRoundTrip(feedback);
        if (_model.IsLossRoundStart) _lossesInRound = 0;
        if (_model.IsRoundStart) _limited = false;
        _model.EndSample(rate);
        _bandwidth = Math.Min(_model.MaxBandwidth, _bounds.ShortTermBandwidth);
        SetRate(_pacingGain, feedback.SmoothedRoundTrip);
        SetWindow(feedback);
    }

    public void OnProbeTimeout(Instant now)
    {
        // One or two may be a lost burst. Then the path is gone: little is sent until it answers, and then all as before.
        if (++_probeTimeouts != PersistentCongestion) return;
        SaveWindow();
        _outage = true;
        _window = LeastWindow;
    }

    public override string ToString() =>
        $"bbr {State} bandwidth {_bandwidth / 1e6:0.00} MB/s (most {_model.MaxBandwidth / 1e6:0.00}) window {_window}"
        + (_bounds.LongTermInFlight == long.MaxValue ? "" : $" bound {_bounds.LongTermInFlight}");

    private void EndOutage(Instant now)
    {
        _outage = false;
        _outageEnd = now;
        _window = Math.Max(_window, _savedWindow);
        _bounds.ResetShortTerm();
        _model.ResetCongestionSignals();
    }

    /// <summary>BBRAdaptLowerBoundsFromCongestion, at the end of each round trip that did not probe.</summary>
    private void AdaptShortTermBounds()
    {
        if (!_model.IsLossRoundStart || State is BbrState.Startup or BbrState.ProbeRefill or BbrState.ProbeUp) return;
        if (_outageEnd is not null) return;
        (long lost, long delivered) = _model.LastRound;
        if (BbrBounds.IsCongestion(lost, lost + delivered, DatagramLength)) _bounds.OnCongestedRound(_model, _window);
    }

    private void CheckStartupDone(in Feedback feedback)
    {
        if (State != BbrState.Startup) return;
        if (_model.IsLossRoundStart && _lossesInRound >= StartupFullLossCount && _outageEnd is null)
        {
            (long lost, long delivered) = _model.LastRound;
            if (BbrBounds.IsCongestion(lost, lost + delivered, DatagramLength))
            {
                _fullReached = true;
                _bounds.LongTermInFlight = Math.Max(BandwidthDelay(1), _model.LatestInFlight);
            }
        }

        if (_full.IsReached) _fullReached = true;
        if (!_fullReached) return;
        State = BbrState.Drain;
        (_pacingGain, _windowGain) = (DrainPacingGain, WindowGain);
        CheckDrainDone(feedback);
    }

    private void CheckDrainDone(in Feedback feedback)
    {
        if (State != BbrState.Drain) return;
        if (_model.IsRoundStart) _drainRounds++;
        if (feedback.InFlight <= Inflight(1) || _drainRounds > DrainRounds) StartProbeDown(feedback);
    }

    private void UpdateLeast(in Feedback feedback)
    {
        Instant now = feedback.Now;
        _probeRoundTripDue = now - _leastSinceProbeAt > ProbeRoundTripInterval;
        if (feedback.RoundTrip is not { } sample) return;
        if (sample < _leastSinceProbe || _probeRoundTripDue)
        {
            _leastSinceProbe = sample;
            _leastSinceProbeAt = now;
        }
        else if (sample <= _leastSinceProbe + (_leastSinceProbe * NearLeast))
        {
            _leastSinceProbeAt = now;
        }

        if (_leastSinceProbe < _least || now - _leastAt > LeastFilter)
        {
            _least = _leastSinceProbe;
            _leastAt = _leastSinceProbeAt;
        }
        else if (sample <= _least + (_least * NearLeast))
        {
            _leastAt = now;
        }
    }

    private void CheckProbeRoundTrip(in Feedback feedback)
    {
        if (State != BbrState.ProbeRoundTrip && _probeRoundTripDue && !_idleRestart)
        {
            SaveWindow();
            State = BbrState.ProbeRoundTrip;
            (_pacingGain, _windowGain) = (1, ProbeRoundTripWindowGain);
            _probeRoundTripDone = null;
            StopProbe(feedback);
        }

        if (State == BbrState.ProbeRoundTrip)
        {
            if (_probeRoundTripDone is null && feedback.InFlight <= ProbeRoundTripWindow)
            {
                _probeRoundTripDone = feedback.Now + ProbeRoundTripDuration;
                _probeRoundTripRound = false;
                _model.StartRound(feedback.Rate.TotalDelivered);
            }
            else if (_probeRoundTripDone is not null)
            {
                if (_model.IsRoundStart) _probeRoundTripRound = true;
                if (_probeRoundTripRound) CheckProbeRoundTripDone(feedback.Now, feedback.Rate.TotalDelivered);
            }
        }

        if (feedback.Acknowledged > 0) _idleRestart = false;
    }

    private void CheckProbeRoundTripDone(Instant now, long totalDelivered)
    {
        if (_probeRoundTripDone is null || now <= _probeRoundTripDone) return;
        _leastSinceProbeAt = now;
        _window = Math.Max(_window, _savedWindow);
        _bounds.ResetShortTerm();
        if (_fullReached)
        {
            StartProbeDown(totalDelivered, now);
            StartProbeCruise();
        }
        else
        {
            State = BbrState.Startup;
            (_pacingGain, _windowGain) = (StartupPacingGain, WindowGain);
        }
    }

    private void SaveWindow() =>
        _savedWindow = State == BbrState.ProbeRoundTrip || _outage ? Math.Max(_savedWindow, _window) : _window;

    private void SetRate(double gain, TimeSpan? roundTrip = null)
    {
        double bandwidth = _bandwidth;
        if (double.IsPositiveInfinity(BytesPerSecond))
        {
            // BBRInitPacingRate: the initial window in a round trip. The few bytes of a handshake have measured nothing.
            if (roundTrip is not { } known || known <= TimeSpan.Zero) return;
            bandwidth = Math.Max(bandwidth, _window / known.TotalSeconds);
        }

        if (bandwidth <= 0) return;

        double rate = gain * bandwidth * (1 - PacingMargin);
        if (_fullReached || double.IsPositiveInfinity(BytesPerSecond) || rate > BytesPerSecond) BytesPerSecond = rate;
    }

    private void SetWindow(in Feedback feedback)
    {
        if (_outage) return;
        long most = Inflight(_windowGain) + (_fullReached ? _model.ExtraAcknowledged : 0);
        if (_fullReached) _window = Math.Min(_window + feedback.Acknowledged, most);
        else if (_window < most || feedback.Rate.TotalDelivered < InitialDatagrams * DatagramLength) _window += feedback.Acknowledged;
        _window = Math.Max(_window, LeastWindow);
        if (State == BbrState.ProbeRoundTrip) _window = Math.Min(_window, ProbeRoundTripWindow);
        long bound = State is BbrState.ProbeCruise or BbrState.ProbeRoundTrip ? _bounds.InFlightWithHeadroom(BandwidthDelay(1))
            : IsProbingBandwidth ? _bounds.LongTermInFlight
            : long.MaxValue;
        bound = Math.Max(Math.Min(bound, _bounds.ShortTermInFlight), LeastWindow);
        _window = Math.Min(_window, bound);
    }

    /// <summary>BBRBDPMultiple: a multiple of bandwidth times delay, in bytes.</summary>
    private long BandwidthDelay(double gain)
    {
        if (_least == TimeSpan.MaxValue || _bandwidth <= 0) return (long)InitialDatagrams * DatagramLength;
        return (long)(gain * _bandwidth * _least.TotalSeconds);
    }

    /// <summary>BBRInflight: that, and room for batches.</summary>
    private long Inflight(double gain)
    {
        long target = BandwidthDelay(gain);
        long batches = Batches * Math.Min((long)(_bandwidth * WakeUp.TotalSeconds), LargestBatch);
        if (_least < ShortPath) target = Math.Max(target, Math.Min(target + (long)(_bandwidth * WakeUp.TotalSeconds), LargestShortPathWindow));
        target = Math.Max(Math.Max(target, batches), LeastWindow);
        // BBRQuantizationBudget: a probe of a very slow path must show.
        return State == BbrState.ProbeUp ? target + (2 * DatagramLength) : target;
    }
}
