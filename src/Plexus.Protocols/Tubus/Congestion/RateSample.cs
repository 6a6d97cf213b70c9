namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>What one batch of echoes told of the path.</summary>
/// <remarks>The rate sample RS of draft-cheng-iccrg-delivery-rate-estimation-02 section 3.1.3, with the losses of BBR's draft section 2.3.</remarks>
internal readonly record struct RateSample
{
    /// <summary>RS.newly_acked, in bytes.</summary>
    public long NewlyAcknowledged { get; init; }

    /// <summary>RS.newly_lost, in bytes.</summary>
    public long NewlyLost { get; init; }

    /// <summary>C.delivered: all bytes that were ever acknowledged.</summary>
    public long TotalDelivered { get; init; }

    /// <summary>Whether the fields below it are of an acknowledged transmission.</summary>
    public bool HasAcknowledgement { get; init; }

    /// <summary>RS.prior_delivered: bytes acknowledged when the newest of the acknowledged transmissions was sent.</summary>
    public long PriorDelivered { get; init; }

    /// <summary>RS.delivered: bytes acknowledged in <see cref="Interval"/>.</summary>
    public long Delivered { get; init; }

    /// <summary>RS.interval: the longer of the sending and the acknowledging of these bytes; zero when they give no rate.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>RS.is_app_limited.</summary>
    public bool IsApplicationLimited { get; init; }

    /// <summary>RS.tx_in_flight: bytes in flight when the newest of the acknowledged transmissions was sent.</summary>
    public long InFlight { get; init; }

    /// <summary>RS.lost: bytes lost since then.</summary>
    public long Lost { get; init; }

    /// <summary>When the newest of the lost transmissions was sent; null when none was lost.</summary>
    public Instant? LostSentAt { get; init; }

    /// <summary>Bytes in flight when the newest of the lost transmissions was sent.</summary>
    public long LostInFlight { get; init; }

    /// <summary>Bytes lost since then, that transmission included.</summary>
    public long LostSince { get; init; }

    /// <summary>Bytes acknowledged since then.</summary>
    public long DeliveredSince { get; init; }

    /// <summary>RS.delivery_rate; zero when the bytes give none.</summary>
    public double BytesPerSecond => Interval > TimeSpan.Zero ? Delivered / Interval.TotalSeconds : 0;
}
