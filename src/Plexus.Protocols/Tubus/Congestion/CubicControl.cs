namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>CUBIC, RFC 9438, with HyStart++ (RFC 9406) and pacing: the control that most TCPs use.</summary>
/// <remarks>
/// Every loss counts as congestion, once a round trip. So it shares fairly with TCP, and is slow where losses have other
/// reasons. Left out of RFC 9438: the recovery from spurious losses (section 4.9), and ECN.
/// </remarks>
internal sealed class CubicControl : ICongestionControl
{
    // RFC 9438 sections 4.1 and 4.6.
    private const double C = 0.4; // datagrams / s^3
    private const double Beta = 0.7;
    private const double RenoFriendlyIncrease = 3 * (1 - Beta) / (1 + Beta); // alpha_cubic

    // RFC 9002 section 7.2.
    private const int InitialDatagrams = 10;
    private const int LeastInitialWindow = 14_720; // bytes
    private const int LeastDatagrams = 2;

    // The window is sent in less than a round trip, so that it is filled although wake-ups are late; as Linux does.
    private const double StartingPace = 2.0;
    private const double SteadyPace = 1.2;

    // RFC 9002 section 7.6.1, kPersistentCongestionThreshold: so many probe timeouts in a row without an echo.
    private const int PersistentCongestion = 3;

    private readonly HyStart _hyStart = new();
    private double _window; // cwnd, bytes
    private double _threshold = double.PositiveInfinity; // ssthresh, bytes
    private double _windowMaximum; // W_max, bytes
    private double _windowAtEpoch; // cwnd_epoch, bytes
    private double _renoWindow; // W_est, bytes
    private double _k; // s
    private Instant? _epoch; // null: the next acknowledgement in congestion avoidance begins one
    private Instant? _recovery; // the time of the last reduction: what was sent before it reduces no more
    private Instant _lastSent;
    private int _probeTimeouts;

    /// <param name="datagramLength">The largest datagram, in bytes.</param>
    public CubicControl(int datagramLength)
    {
        DatagramLength = datagramLength;
        _window = Math.Min(InitialDatagrams * (double)datagramLength, Math.Max(LeastDatagrams * datagramLength, LeastInitialWindow));
    }

    public long Window => (long)_window;

    public double BytesPerSecond { get; private set; } = double.PositiveInfinity;

    public bool IsStarting => _window < _threshold;

    public int DatagramLength { get; set; }

    private double LeastWindow => LeastDatagrams * (double)DatagramLength;

    public void OnSent(int bytes, long inFlight, Instant now)
    {
        // RFC 9438 section 5.8: time that was idle does not count for the cubic function.
        if (inFlight <= 0 && _epoch is { } epoch && now > _lastSent) _epoch = epoch + (now - _lastSent);
        _lastSent = now;
    }

    public void OnFeedback(in Feedback feedback)
    {
        if (feedback.Rate.LostSentAt is { } sent && (_recovery is null || sent > _recovery)) Reduce(feedback.Now);
        if (feedback.Acknowledged > 0)
        {
            _probeTimeouts = 0;
            bool inRecovery = _recovery is { } since && feedback.Lost == 0 && feedback.Now - since < feedback.SmoothedRoundTrip;
            if (!inRecovery && feedback.Lost == 0 && IsWindowLimited(feedback)) Grow(feedback);
        }

        double roundTrip = feedback.SmoothedRoundTrip.TotalSeconds;
        BytesPerSecond = roundTrip > 0 ? _window * (IsStarting ? StartingPace : SteadyPace) / roundTrip : double.PositiveInfinity;
    }

    public void OnProbeTimeout(Instant now)
    {
        // Silence alone is no congestion, only long silence is: RFC 9002 sections 6.2 and 7.6.
        if (++_probeTimeouts != PersistentCongestion) return;
        Reduce(now);
        _window = LeastWindow;
    }

    public override string ToString() => $"cubic {(IsStarting ? "slow start" : "avoidance")} window {Window}";

    /// <summary>RFC 9002 section 7.8: a window that is not used must not grow.</summary>
    private bool IsWindowLimited(in Feedback feedback)
    {
        if (!feedback.Rate.IsApplicationLimited) return true;
        return feedback.PriorInFlight >= (IsStarting ? _window / 2 : _window - (3 * DatagramLength));
    }

    private void Grow(in Feedback feedback)
    {
        if (!IsStarting)
        {
            Avoid(feedback);
            return;
        }

        bool over = _hyStart.OnFeedback(feedback);
        _window += (double)feedback.Acknowledged / _hyStart.GrowthDivisor; // Paced, so RFC 9406's L is infinite.
        if (over) _threshold = _window;
    }

    private void Avoid(in Feedback feedback)
    {
        if (_epoch is null)
        {
            _epoch = feedback.Now;
            _windowAtEpoch = _window;
            if (_windowMaximum < _window) _windowMaximum = _window; // Slow start ended without a loss.
            _renoWindow = _window;
            _k = Math.Cbrt((_windowMaximum - _windowAtEpoch) / DatagramLength / C);
        }

        double time = (feedback.Now - _epoch.Value).TotalSeconds;
        // Section 4.2: where the function will be a round trip later, but no more than half a window away.
        double target = Math.Clamp(Cubic(time + feedback.SmoothedRoundTrip.TotalSeconds), _window, 1.5 * _window);
        double acknowledged = feedback.Acknowledged / _window; // windows
        // Section 4.3: what Reno would have, with CUBIC's smaller decrease.
        _renoWindow += (_renoWindow >= _windowMaximum ? 1 : RenoFriendlyIncrease) * DatagramLength * acknowledged;
        _window = Cubic(time) < _renoWindow ? Math.Max(_window, _renoWindow) : _window + ((target - _window) * acknowledged);
    }

    private double Cubic(double time) => (C * Math.Pow(time - _k, 3) * DatagramLength) + _windowMaximum;

    private void Reduce(Instant now)
    {
        _recovery = now;
        _epoch = null;
        // Section 4.7, fast convergence: leave room for a newcomer.
        _windowMaximum = _window < _windowMaximum ? _window * (1 + Beta) / 2 : _window;
        _window = Math.Max(_window * Beta, LeastWindow);
        _threshold = _window;
    }
}
