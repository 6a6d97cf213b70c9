namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>What a sender tells its congestion control after each batch of echoes, and after each detection of losses.</summary>
/// <param name="Now">The time.</param>
/// <param name="InFlight">Bytes in flight, without those that were acknowledged or lost just now.</param>
/// <param name="RoundTrip">The sample of the newest acknowledged transmission; null when it is ambiguous, or none was acknowledged.</param>
/// <param name="LeastRoundTrip"><see cref="Congestion.RoundTrip.Least"/>.</param>
/// <param name="SmoothedRoundTrip"><see cref="Congestion.RoundTrip.Smoothed"/>.</param>
/// <param name="Rate">What <see cref="DeliveryRate.Take"/> gave: acknowledged and lost bytes, and the rate.</param>
internal readonly record struct Feedback(
    Instant Now, long InFlight, TimeSpan? RoundTrip, TimeSpan LeastRoundTrip, TimeSpan SmoothedRoundTrip, RateSample Rate)
{
    /// <summary>Bytes that were acknowledged just now.</summary>
    public long Acknowledged => Rate.NewlyAcknowledged;

    /// <summary>Bytes that were counted as lost just now.</summary>
    public long Lost => Rate.NewlyLost;

    /// <summary>Bytes that were in flight before.</summary>
    public long PriorInFlight => InFlight + Acknowledged + Lost;
}
