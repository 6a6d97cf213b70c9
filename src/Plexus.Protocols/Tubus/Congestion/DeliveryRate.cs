namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>Estimates how fast the path delivers, from the sender's side: draft-cheng-iccrg-delivery-rate-estimation-02.</summary>
/// <remarks>
/// For each transmission <see cref="OnSent"/>, and its stamp is kept. For each echo <see cref="OnAcknowledged"/>, for each
/// transmission given up <see cref="OnLost"/>, each once; after a batch of them <see cref="Take"/>. Bytes are those that the
/// sender counts as in flight. A rate is never more than what was sent or acknowledged over the longer of both times, so
/// compressed echoes and bursts do not make it too high.
/// </remarks>
internal sealed class DeliveryRate
{
    private long _delivered; // C.delivered
    private long _lost; // C.lost
    private Instant _deliveredAt; // C.delivered_time
    private Instant _firstSentAt; // C.first_sent_time
    private long _applicationLimitedUntil; // C.app_limited: the bubble is gone when so much has been delivered. 0: none

    // What came in since the last Take.
    private long _newlyAcknowledged;
    private long _newlyLost;
    private bool _hasNewest;
    private RateStamp _newest;
    private Instant _newestSentAt;
    private bool _hasLost;
    private RateStamp _newestLost;
    private Instant _newestLostSentAt;

    /// <summary>All bytes that were ever acknowledged.</summary>
    public long TotalDelivered => _delivered;

    /// <summary>All bytes that were ever given up.</summary>
    public long TotalLost => _lost;

    /// <summary>Notes a transmission, new or repeated.</summary>
    /// <param name="bytes">Its size.</param>
    /// <param name="inFlight">Bytes in flight before it.</param>
    /// <param name="now">The time.</param>
    public RateStamp OnSent(int bytes, long inFlight, Instant now)
    {
        if (inFlight <= 0) _firstSentAt = _deliveredAt = now; // After an idle time: its length says nothing about the path.
        return new RateStamp(_delivered, _deliveredAt, _firstSentAt, _lost, inFlight + bytes, _applicationLimitedUntil != 0);
    }

    /// <summary>Notes the echo of a transmission.</summary>
    public void OnAcknowledged(in RateStamp stamp, int bytes, Instant sent, Instant now)
    {
        _delivered += bytes;
        _newlyAcknowledged += bytes;
        _deliveredAt = now;
        // Of those acknowledged together, the one that was sent last has the longest memory.
        if (_hasNewest && (sent < _newestSentAt || (sent == _newestSentAt && stamp.Delivered < _newest.Delivered))) return;
        _hasNewest = true;
        _newest = stamp;
        _newestSentAt = sent;
    }

    /// <summary>Notes that a transmission is counted as lost and no longer as in flight.</summary>
    public void OnLost(in RateStamp stamp, int bytes, Instant sent)
    {
        _lost += bytes;
        _newlyLost += bytes;
        if (_hasLost && sent < _newestLostSentAt) return;
        _hasLost = true;
        _newestLost = stamp;
        _newestLostSentAt = sent;
    }

    /// <summary>
    /// Notes that something else than the window or the pacer ends the sending: no more data, the peer's edge, a full buffer.
    /// What is in flight then, and what follows until its echoes, can only tell a rate that is too low.
    /// </summary>
    /// <param name="inFlight">Bytes in flight.</param>
    public void OnApplicationLimited(long inFlight) => _applicationLimitedUntil = Math.Max(_delivered + inFlight, 1);

    /// <summary>What came in since the last call; begins a new batch.</summary>
    /// <param name="leastRoundTrip">An interval that is shorter is no round trip, and gives no rate.</param>
    public RateSample Take(TimeSpan leastRoundTrip)
    {
        if (_applicationLimitedUntil != 0 && _delivered > _applicationLimitedUntil) _applicationLimitedUntil = 0;
        RateSample sample = new()
        {
            NewlyAcknowledged = _newlyAcknowledged,
            NewlyLost = _newlyLost,
            TotalDelivered = _delivered,
        };
        if (_hasNewest)
        {
            TimeSpan sending = _newestSentAt - _newest.FirstSentAt;
            TimeSpan acknowledging = _deliveredAt - _newest.DeliveredAt;
            TimeSpan interval = sending > acknowledging ? sending : acknowledging;
            if (_newestSentAt > _firstSentAt) _firstSentAt = _newestSentAt;
            sample = sample with
            {
                HasAcknowledgement = true,
                PriorDelivered = _newest.Delivered,
                Delivered = _delivered - _newest.Delivered,
                Interval = interval < leastRoundTrip ? TimeSpan.Zero : interval,
                IsApplicationLimited = _newest.IsApplicationLimited,
                InFlight = _newest.InFlight,
                Lost = _lost - _newest.Lost,
            };
        }

        if (_hasLost)
        {
            sample = sample with
            {
                LostSentAt = _newestLostSentAt,
                LostInFlight = _newestLost.InFlight,
                LostSince = _lost - _newestLost.Lost,
                DeliveredSince = _delivered - _newestLost.Delivered,
            };
        }

        _newlyAcknowledged = _newlyLost = 0;
        _hasNewest = _hasLost = false;
        return sample;
    }
}
