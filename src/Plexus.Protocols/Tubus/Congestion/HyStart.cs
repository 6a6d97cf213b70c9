namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>Finds the end of slow start by a rising round trip, before there is a loss: HyStart++, RFC 9406.</summary>
/// <remarks>Rounds are counted as in BBR: one ends when data is acknowledged that was sent after it began.</remarks>
internal sealed class HyStart
{
    // RFC 9406 section 4.3.
    private const int RoundTripSamples = 8; // N_RTT_SAMPLE
    private const int ConservativeGrowthDivisor = 4; // CSS_GROWTH_DIVISOR
    private const int ConservativeRounds = 5; // CSS_ROUNDS
    private const int LeastDivisor = 8; // MIN_RTT_DIVISOR

    private static readonly TimeSpan LeastThreshold = TimeSpan.FromMilliseconds(4); // MIN_RTT_THRESH
    private static readonly TimeSpan MostThreshold = TimeSpan.FromMilliseconds(16); // MAX_RTT_THRESH

    private TimeSpan _leastOfLastRound = TimeSpan.MaxValue;
    private TimeSpan _leastOfThisRound = TimeSpan.MaxValue;
    private TimeSpan _baseline = TimeSpan.MaxValue; // cssBaselineMinRtt
    private int _samples;
    private long _roundEnd; // C.delivered at which data of this round begins to be acknowledged
    private int _conservativeRounds;
    private bool _conservative;

    /// <summary>By what the growth of slow start is to be divided: 1, or 4 in conservative slow start.</summary>
    public int GrowthDivisor => _conservative ? ConservativeGrowthDivisor : 1;

    /// <summary>Takes an acknowledgement during slow start.</summary>
    /// <returns>True when slow start is over: the threshold becomes the window.</returns>
    public bool OnFeedback(in Feedback feedback)
    {
        bool over = false;
        if (feedback.Rate.PriorDelivered >= _roundEnd)
        {
            if (_conservative && ++_conservativeRounds >= ConservativeRounds) over = true;
            _roundEnd = feedback.Rate.TotalDelivered;
            _leastOfLastRound = _leastOfThisRound;
            _leastOfThisRound = TimeSpan.MaxValue;
            _samples = 0;
        }

        if (feedback.RoundTrip is not { } sample) return over;
        if (sample < _leastOfThisRound) _leastOfThisRound = sample;
        // A batch has one sample, but stands for all that it acknowledged.
        _samples++;
        if (_samples < RoundTripSamples || _leastOfLastRound == TimeSpan.MaxValue) return over;
        if (_conservative)
        {
            if (_leastOfThisRound >= _baseline) return over;
            _conservative = false; // It was a jitter: go on as before.
            _baseline = TimeSpan.MaxValue;
        }
        else
        {
            long ticks = Math.Clamp((_leastOfLastRound / LeastDivisor).Ticks, LeastThreshold.Ticks, MostThreshold.Ticks);
            if (_leastOfThisRound < _leastOfLastRound + TimeSpan.FromTicks(ticks)) return over;
            _conservative = true;
            _conservativeRounds = 0;
            _baseline = _leastOfThisRound;
        }

        return over;
    }
}
