namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>What a sender remembers of each transmission, so that its echo gives a delivery rate.</summary>
/// <remarks>The per-packet state P of draft-cheng-iccrg-delivery-rate-estimation-02 section 3.1.2, and of BBR's draft section 2.2.</remarks>
/// <param name="Delivered">P.delivered: bytes acknowledged when it was sent.</param>
/// <param name="DeliveredAt">P.delivered_time: when the last of these was acknowledged.</param>
/// <param name="FirstSentAt">P.first_sent_time: the sending that began the interval which this one ends.</param>
/// <param name="Lost">P.lost: bytes lost when it was sent.</param>
/// <param name="InFlight">P.tx_in_flight: bytes in flight right after it was sent, itself included.</param>
/// <param name="IsApplicationLimited">P.is_app_limited: whether the sender could have sent more than it had.</param>
internal readonly record struct RateStamp(
    long Delivered, Instant DeliveredAt, Instant FirstSentAt, long Lost, long InFlight, bool IsApplicationLimited);
