namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>How losses bound BBR: draft-ietf-ccwg-bbr-01 sections 5.5.10 and 5.3.3.</summary>
internal sealed class BbrBounds
{
    /// <summary>
    /// BBR.LossThresh: the part of a round trip's bytes that may be lost before it counts as congestion. So much and more is lost
    /// by chance on radio links, and each direction loses: an echo that is lost makes its data look lost.
    /// </summary>
    private const double LossThreshold = 0.02;

    // BBR.Beta: what is left after congestion, as CUBIC.
    private const double Beta = 0.7;

    // BBR.Headroom: the part of the upper bound that is left free for others while cruising. Up to twice the draft's, where the path
    // carries our rate without: a flow that takes every loss for congestion, as CUBIC does, needs the room to grow into.
    private const double LeastHeadroom = 0.15;
    private const double MostHeadroom = 0.3;

    // Chance does not lose evenly: with 2 % of 100 datagrams, 5 are lost in one round of twenty. So many standard deviations
    // (of a binomial distribution) above the threshold are still chance.
    private const double Deviations = 2;

    // The part of the window by which the upper bound grows in the first round trip of a probe.
    private const int FirstGrowth = 32;

    private long _growthPeriod = long.MaxValue; // BBR.probe_up_cnt, bytes acknowledged for each datagram that it grows
    private long _growthCredit; // BBR.bw_probe_up_acks, bytes
    private int _growthRounds; // BBR.bw_probe_up_rounds

    /// <summary>BBR.bw_shortterm: bytes a second; infinite without congestion.</summary>
    public double ShortTermBandwidth { get; private set; } = double.PositiveInfinity;

    /// <summary>BBR.inflight_shortterm: bytes; the greatest number without congestion.</summary>
    public long ShortTermInFlight { get; private set; } = long.MaxValue;

    /// <summary>BBR.inflight_longterm: the most that was in flight without congestion, bytes; the greatest number while unknown.</summary>
    public long LongTermInFlight { get; set; } = long.MaxValue;

    /// <summary>What may be in flight while cruising: BBRInflightWithHeadroom.</summary>
    /// <param name="bandwidthDelay">What the path holds without a queue, at our rate: more headroom than that leaves it idle.</param>
    public long InFlightWithHeadroom(long bandwidthDelay)
    {
        if (LongTermInFlight == long.MaxValue) return long.MaxValue;
        return Math.Clamp(bandwidthDelay, (long)(LongTermInFlight * (1 - MostHeadroom)), (long)(LongTermInFlight * (1 - LeastHeadroom)));
    }

    /// <summary>Whether so many of these bytes are lost that it cannot be chance.</summary>
    /// <remarks>
    /// The draft compares with what was in flight. Losses found in a round trip are of the round trip before, so that would be too few
    /// whenever a sender has just run out of data.
    /// </remarks>
    /// <param name="lost">What was found lost in some time.</param>
    /// <param name="bytes">What was found lost or delivered in the same time.</param>
    /// <param name="datagramLength">The largest datagram.</param>
    public static bool IsCongestion(long lost, long bytes, int datagramLength)
    {
        // In datagrams: n trials with the threshold as their probability.
        double expected = LossThreshold * bytes / datagramLength;
        return (double)lost / datagramLength > expected + (Deviations * Math.Sqrt(expected)) + 1;
    }

    /// <summary>What a congested target shrinks to.</summary>
    public static long Shrunk(long target) => (long)(target * Beta);

    /// <summary>A round trip with congestion: the path carries what it just carried, or a good part of what was believed.</summary>
    public void OnCongestedRound(BbrModel model, long window)
    {
        double bandwidth = double.IsPositiveInfinity(ShortTermBandwidth) ? model.MaxBandwidth : ShortTermBandwidth;
        long inFlight = ShortTermInFlight == long.MaxValue ? window : ShortTermInFlight;
        ShortTermBandwidth = Math.Max(model.LatestBandwidth, Beta * bandwidth);
        ShortTermInFlight = Math.Max(model.LatestInFlight, (long)(Beta * inFlight));
    }

    /// <summary>BBRResetShortTermModel.</summary>
    public void ResetShortTerm()
    {
        ShortTermBandwidth = double.PositiveInfinity;
        ShortTermInFlight = long.MaxValue;
    }

    /// <summary>The upper bound stands until a probe begins.</summary>
    public void StopGrowth()
    {
        _growthPeriod = long.MaxValue;
        _growthRounds = 0;
        _growthCredit = 0;
    }

    /// <summary>
    /// The upper bound grows by some datagrams a round trip, then by twice and four times as many: BBRRaiseInflightLongtermSlope. The
    /// draft begins with one, and would need ten round trips to be noticed on a path with thousands in flight.
    /// </summary>
    public void RaiseGrowth(long window, int datagramLength)
    {
        long datagrams = Math.Max(1, window / datagramLength / FirstGrowth) << _growthRounds;
        _growthRounds = Math.Min(_growthRounds + 1, 30);
        _growthPeriod = Math.Max(window / datagrams, datagramLength);
    }

    /// <summary>The upper bound was reached, and this was delivered: BBRProbeInflightLongtermUpward.</summary>
    public void Grow(long acknowledged, int datagramLength)
    {
        _growthCredit += acknowledged;
        if (_growthCredit < _growthPeriod) return;
        long datagrams = _growthCredit / _growthPeriod;
        _growthCredit -= datagrams * _growthPeriod;
        LongTermInFlight += datagrams * datagramLength;
    }
}
