namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>What is known of the path's round trip: smoothed as RFC 6298 section 2 has it, and its windowed minimum.</summary>
/// <remarks>
/// RFC 6298's gains are made for one sample a round trip. Here every echo may give one, so a sample counts by the part of a
/// round trip that has passed since the one before it (RFC 7323 appendix G asks for the same in terms of expected samples):
/// the memory stays some round trips long, however many datagrams are in flight.
/// </remarks>
internal sealed class RoundTrip
{
    // RFC 6298 section 2.3.
    private const double Alpha = 1.0 / 8;
    private const double Beta = 1.0 / 4;
    private const int VariationsWaited = 4; // K

    // Samples of one batch come at one moment: they still count a little.
    private const double LeastWeight = 1.0 / 64;

    // Later than this no back-off waits: RFC 6298 section 2.5 allows a maximum of 60 s at least.
    private static readonly TimeSpan LongestProbeTimeout = TimeSpan.FromSeconds(60);

    // RFC 9002 section 6.1.2, kGranularity: timers are no finer.
    private static readonly TimeSpan Granularity = TimeSpan.FromMilliseconds(1);

    // RFC 9002 section 6.2.2: what is assumed before the first sample.
    private static readonly TimeSpan Initial = TimeSpan.FromMilliseconds(333);

    private WindowedMinimum _least = new(LeastWindow);
    private Instant _lastSample;

    /// <summary>How long a minimum is believed, as BBR's MinRTTFilterLen: 10 s.</summary>
    public static TimeSpan LeastWindow { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether there was a sample. Before it, the times are RFC 9002's initial ones.</summary>
    public bool IsMeasured { get; private set; }

    /// <summary>SRTT; 333 ms before the first sample.</summary>
    public TimeSpan Smoothed { get; private set; } = Initial;

    /// <summary>RTTVAR, the mean deviation; half of the smoothed one before the first sample.</summary>
    public TimeSpan Variation { get; private set; } = Initial / 2;

    /// <summary>The last sample.</summary>
    public TimeSpan Latest { get; private set; } = Initial;

    /// <summary>The least of the last <see cref="LeastWindow"/>: the path without queues, or nearly.</summary>
    public TimeSpan Least => IsMeasured ? _least.Value : Initial;

    /// <summary>Takes the time from a datagram's sending to its echo. Only unambiguous ones: RFC 6298 section 3.</summary>
    public void OnSample(TimeSpan sample, Instant now)
    {
        if (sample <= TimeSpan.Zero) sample = TimeSpan.FromTicks(1); // A clock too coarse for this path; zero divides badly.
        Latest = sample;
        _least.Add(sample, now);
        if (!IsMeasured)
        {
            (IsMeasured, _lastSample) = (true, now);
            Smoothed = sample;
            Variation = sample / 2;
            return;
        }

        double weight = Math.Clamp((now - _lastSample) / Smoothed, LeastWeight, 1);
        _lastSample = now;
        Variation += (Beta * weight) * ((Smoothed - sample).Duration() - Variation);
        Smoothed += (Alpha * weight) * (sample - Smoothed);
    }

    /// <summary>How long after the last sending silence becomes suspicious: RFC 9002 section 6.2.1, without an acknowledgement delay.</summary>
    /// <param name="backoff">How often it has passed already without an answer; each time doubles it, up to a minute.</param>
    public TimeSpan ProbeTimeout(int backoff = 0)
    {
        TimeSpan variations = Variation * VariationsWaited;
        TimeSpan once = Smoothed + (variations > Granularity ? variations : Granularity);
        double doubled = once.TotalSeconds * Math.ScaleB(1, Math.Clamp(backoff, 0, 30));
        return doubled < LongestProbeTimeout.TotalSeconds ? TimeSpan.FromSeconds(doubled) : LongestProbeTimeout;
    }
}
