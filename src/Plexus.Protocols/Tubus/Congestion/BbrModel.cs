namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>What BBR believes of the path: draft-ietf-ccwg-bbr-01 section 4.1. Measured here; what follows, <see cref="BbrControl"/> decides.</summary>
internal sealed class BbrModel
{
    private const int BandwidthCycles = 2; // MaxBwFilterLen
    private const int ExtraAcknowledgedRounds = 10; // BBR.ExtraAckedFilterLen

    private readonly double[] _bandwidths = new double[BandwidthCycles]; // the greatest of the last cycles, this one first
    private readonly long[] _extras = new long[2]; // the greatest of this and the last ten rounds: a window of 10 to 20
    private long _roundEnd; // BBR.next_round_delivered
    private long _lossRoundEnd; // BBR.loss_round_delivered
    private int _extraRounds;
    private Instant _extraSince;
    private long _extraDelivered;
    private long _lostInRound;
    private long _deliveredAtRound;

    /// <summary>BBR.round_start: the last feedback began a round trip.</summary>
    public bool IsRoundStart { get; private set; }

    /// <summary>BBR.loss_round_start: likewise, counted without the restarts of phases.</summary>
    public bool IsLossRoundStart { get; private set; }

    /// <summary>BBR.max_bw: the greatest delivery rate of the last two probing cycles, bytes a second.</summary>
    public double MaxBandwidth => Math.Max(_bandwidths[0], _bandwidths[1]);

    /// <summary>BBR.bw_latest: the greatest of the last round trip, bytes a second.</summary>
    public double LatestBandwidth { get; private set; }

    /// <summary>BBR.inflight_latest: the most that was delivered within a round trip, bytes.</summary>
    public long LatestInFlight { get; private set; }

    /// <summary>BBR.extra_acked: how many bytes echoes come ahead of the bandwidth, because they come in bunches.</summary>
    public long ExtraAcknowledged => Math.Max(_extras[0], _extras[1]);

    /// <summary>Lost bytes of the round trip that ended last, and the bytes it delivered.</summary>
    public (long Lost, long Delivered) LastRound { get; private set; }

    /// <summary>Takes a sample: rounds, latest signals, bandwidth. Sections 5.5.1, 5.5.5 and 5.5.10.</summary>
    public void OnSample(in RateSample sample)
    {
        _lostInRound += sample.NewlyLost;
        IsRoundStart = IsLossRoundStart = false;
        if (!sample.HasAcknowledgement) return;
        if (sample.PriorDelivered >= _roundEnd)
        {
            IsRoundStart = true;
            _roundEnd = sample.TotalDelivered;
            if (++_extraRounds >= ExtraAcknowledgedRounds)
            {
                (_extras[1], _extras[0]) = (_extras[0], 0);
                _extraRounds = 0;
            }
        }

        LatestBandwidth = Math.Max(LatestBandwidth, sample.BytesPerSecond);
        LatestInFlight = Math.Max(LatestInFlight, sample.Delivered);
        if (sample.PriorDelivered >= _lossRoundEnd)
        {
            IsLossRoundStart = true;
            _lossRoundEnd = sample.TotalDelivered;
            LastRound = (_lostInRound, sample.TotalDelivered - _deliveredAtRound);
            _lostInRound = 0;
            _deliveredAtRound = sample.TotalDelivered;
        }

        if (sample.BytesPerSecond >= MaxBandwidth || !sample.IsApplicationLimited)
            _bandwidths[0] = Math.Max(_bandwidths[0], sample.BytesPerSecond);
    }

    /// <summary>Begins the latest signals anew where a round ended: BBRAdvanceLatestDeliverySignals.</summary>
    public void EndSample(in RateSample sample)
    {
        if (!IsLossRoundStart) return;
        LatestBandwidth = sample.BytesPerSecond;
        LatestInFlight = sample.Delivered;
    }

    /// <summary>Measures how echoes are bunched: BBRUpdateACKAggregation, section 5.5.9.</summary>
    /// <param name="acknowledged">Bytes that were acknowledged just now.</param>
    /// <param name="bandwidth">What is expected, bytes a second.</param>
    /// <param name="most">No more than this counts, bytes: the window.</param>
    /// <param name="now">The time.</param>
    public void OnAcknowledged(long acknowledged, double bandwidth, long most, Instant now)
    {
        double expected = bandwidth * (now - _extraSince).TotalSeconds;
        if (_extraDelivered <= expected)
        {
            _extraDelivered = 0;
            _extraSince = now;
            expected = 0;
        }

        _extraDelivered += acknowledged;
        _extras[0] = Math.Max(_extras[0], Math.Min((long)(_extraDelivered - expected), most));
    }

    /// <summary>Begins a round trip with what is sent from now on: BBRStartRound.</summary>
    public void StartRound(long totalDelivered) => _roundEnd = totalDelivered;

    /// <summary>Begins a probing cycle: the bandwidth of the last but one is forgotten. BBRAdvanceMaxBwFilter.</summary>
    public void StartCycle() => (_bandwidths[1], _bandwidths[0]) = (_bandwidths[0], 0);

    /// <summary>Forgets what losses have told of this round: BBRResetCongestionSignals.</summary>
    public void ResetCongestionSignals()
    {
        _lostInRound = 0;
        LatestBandwidth = 0;
        LatestInFlight = 0;
    }

    /// <summary>After an idle time echoes are expected from now on only.</summary>
    public void RestartFromIdle(Instant now)
    {
        _extraSince = now;
        _extraDelivered = 0;
    }
}
