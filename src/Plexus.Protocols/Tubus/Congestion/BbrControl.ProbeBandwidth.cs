namespace Plexus.Protocols.Tubus.Congestion;

// ProbeBW: draft-ietf-ccwg-bbr-01 section 5.3.3.
internal sealed partial class BbrControl
{
    private const double DownPacingGain = 0.9;
    private const double UpPacingGain = 1.25;
    private const double UpWindowGain = 2.25;
    private const double UpRise = 0.125; // of the least round trip: half of what a round trip at this gain adds
    private const int MostRoundsBetweenProbes = 63; // as often as Reno at 25 Mbit/s and 30 ms would lose

    // Between probes: one and a half seconds and up to half as much more. Section 5.3.3.5 has two to three; then two of ours take too
    // long to find their shares. Each probe costs those who share the path losses. Where none has lost anything, ten to fifteen round
    // trips let a flow find sooner what has become free.
    private const int ProbeWaitRounds = 10;
    private const double ProbeWaitSpread = 0.5;
    private static readonly TimeSpan LeastProbeWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan MostProbeWait = TimeSpan.FromSeconds(1.5);

    private AckPhase _ackPhase;
    private Instant _cycleStart; // BBR.cycle_stamp
    private int _upRounds; // round trips that this probe has lasted
    private TimeSpan _upRoundTrip; // as it was when the probe began
    private TimeSpan _probeWait; // BBR.bw_probe_wait
    private int _roundsSinceProbe;
    private bool _probeSamples; // BBR.bw_probe_samples: what is lost now was sent by a probe

    /// <summary>What the echoes that come now are of.</summary>
    private enum AckPhase
    {
        None,
        Refilling,
        ProbeStarting,
        ProbeFeedback,
        ProbeStopping,
    }

    /// <summary>BBRUpdateProbeBWCyclePhase.</summary>
    private void ProbeBandwidth(in Feedback feedback)
    {
        if (!_fullReached) return;
        AdaptLongTermBound(feedback);
        if (!IsProbingBandwidth) return;
        if (_model.IsRoundStart) _roundsSinceProbe++;
        switch (State)
        {
            case BbrState.ProbeDown:
                if (CheckTimeToProbe(feedback)) return;
                if (feedback.InFlight <= Math.Min(_bounds.InFlightWithHeadroom(BandwidthDelay(1)), Inflight(1))) StartProbeCruise();
                break;
            case BbrState.ProbeCruise:
                CheckTimeToProbe(feedback);
                break;
            case BbrState.ProbeRefill:
                if (_model.IsRoundStart)
                {
                    _probeSamples = true;
                    StartProbeUp(feedback);
                }

                break;
            default:
                if (_model.IsRoundStart) _upRounds++;
                if (IsTimeToGoDown(feedback)) StartProbeDown(feedback);
                break;
        }
    }

    /// <summary>BBRAdaptLongTermModel: what is in flight without congestion is allowed, what is with it was too much.</summary>
    private void AdaptLongTermBound(in Feedback feedback)
    {
        RateSample rate = feedback.Rate;
        if (_ackPhase == AckPhase.ProbeStarting && _model.IsRoundStart) _ackPhase = AckPhase.ProbeFeedback;
        if (_ackPhase == AckPhase.ProbeStopping && _model.IsRoundStart)
        {
            _ackPhase = AckPhase.None;
            if (IsProbingBandwidth && !rate.IsApplicationLimited) _model.StartCycle();
            _probeSamples = false;
        }

        if (_outageEnd is { } end)
        {
            // Losses of the outage come for a while. The first echo of what was sent after it ends that.
            if (!rate.HasAcknowledgement || feedback.Now - end <= feedback.SmoothedRoundTrip * 2) return;
            _outageEnd = null;
        }

        if (rate.LostSentAt is not null && _probeSamples
            && BbrBounds.IsCongestion(rate.LostSince, rate.LostSince + rate.DeliveredSince, DatagramLength))
        {
            OnTooMuchInFlight(rate.LostInFlight, feedback);
            return;
        }

        if (!rate.HasAcknowledgement) return;
        if (BbrBounds.IsCongestion(rate.Lost, rate.Lost + rate.Delivered, DatagramLength))
        {
            if (_probeSamples) OnTooMuchInFlight(rate.InFlight, feedback);
            return;
        }

        if (_bounds.LongTermInFlight == long.MaxValue) return;
        if (rate.InFlight > _bounds.LongTermInFlight) _bounds.LongTermInFlight = rate.InFlight;
        if (State != BbrState.ProbeUp) return;
        if (_limited && _window >= _bounds.LongTermInFlight) _bounds.Grow(feedback.Acknowledged, DatagramLength);
        if (_model.IsRoundStart) _bounds.RaiseGrowth(_window, DatagramLength);
    }

    /// <summary>BBRHandleInflightTooHigh.</summary>
    private void OnTooMuchInFlight(long inFlight, in Feedback feedback)
    {
        _probeSamples = false; // Once for each probe.
        long target = Math.Min(BandwidthDelay(1), _window);
        if (!feedback.Rate.IsApplicationLimited) _bounds.LongTermInFlight = Math.Max(inFlight, BbrBounds.Shrunk(target));
        if (State == BbrState.ProbeUp) StartProbeDown(feedback);
    }

    private void StartProbeDown(in Feedback feedback) => StartProbeDown(feedback.Rate.TotalDelivered, feedback.Now);

    private void StartProbeDown(long totalDelivered, Instant now)
    {
        _model.ResetCongestionSignals();
        _bounds.StopGrowth();
        ulong bits = _random();
        _roundsSinceProbe = (int)(bits & 1);
        bool hasCongested = _bounds.LongTermInFlight != long.MaxValue;
        double rounds = hasCongested ? double.PositiveInfinity : _least.TotalSeconds * ProbeWaitRounds;
        double wait = Math.Clamp(rounds, LeastProbeWait.TotalSeconds, MostProbeWait.TotalSeconds);
        _probeWait = TimeSpan.FromSeconds(wait * (1 + (ProbeWaitSpread * ((bits >> 32) / (double)uint.MaxValue))));
        _cycleStart = now;
        _ackPhase = AckPhase.ProbeStopping;
        _model.StartRound(totalDelivered);
        State = BbrState.ProbeDown;
        (_pacingGain, _windowGain) = (DownPacingGain, WindowGain);
    }

    private void StartProbeCruise()
    {
        State = BbrState.ProbeCruise;
        (_pacingGain, _windowGain) = (1, WindowGain);
    }

    /// <summary>BBRIsTimeToProbeBW: by the clock, or as often as Reno would lose, so that it is not starved by us nor we by it.</summary>
    private bool CheckTimeToProbe(in Feedback feedback)
    {
        long rounds = Math.Min(Math.Min(BandwidthDelay(1), _window) / DatagramLength, MostRoundsBetweenProbes);
        if (feedback.Now - _cycleStart <= _probeWait && _roundsSinceProbe < rounds) return false;
        _bounds.ResetShortTerm();
        _bounds.StopGrowth();
        _ackPhase = AckPhase.Refilling;
        _model.StartRound(feedback.Rate.TotalDelivered);
        State = BbrState.ProbeRefill;
        (_pacingGain, _windowGain) = (1, WindowGain);
        return true;
    }

    private void StartProbeUp(in Feedback feedback)
    {
        _ackPhase = AckPhase.ProbeStarting;
        _model.StartRound(feedback.Rate.TotalDelivered);
        _full.Reset(feedback.Rate.BytesPerSecond);
        _bounds.RaiseGrowth(_window, DatagramLength);
        _upRounds = 0;
        _upRoundTrip = feedback.RoundTrip ?? feedback.SmoothedRoundTrip;
        State = BbrState.ProbeUp;
        (_pacingGain, _windowGain) = (UpPacingGain, UpWindowGain);
    }

    /// <summary>
    /// BBRIsTimeToGoDown: the probe gives no more, and it is not our own bound that holds it. As in BBR version 2, it ends too when
    /// it has made a queue: the draft's three round trips would make it three times as long. What counts is how much the round trip
    /// rose, so that a small flow beside a full queue may go on for longer than a large one alone.
    /// </summary>
    private bool IsTimeToGoDown(in Feedback feedback)
    {
        if (_limited && _window >= _bounds.LongTermInFlight)
        {
            _full.Reset(feedback.Rate.BytesPerSecond);
            return false;
        }

        return _full.IsReached || (_upRounds > 0 && feedback.RoundTrip > _upRoundTrip + (_least * UpRise));
    }

    /// <summary>A probe for the least round trip: its echoes say nothing about the bandwidth.</summary>
    private void StopProbe(in Feedback feedback)
    {
        _ackPhase = AckPhase.ProbeStopping;
        _bounds.StopGrowth();
        _model.StartRound(feedback.Rate.TotalDelivered);
    }
}
