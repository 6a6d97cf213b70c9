namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>Spreads datagrams over time: a token bucket that fills at the congestion control's rate (RFC 9002 section 7.7).</summary>
/// <remarks>
/// It wakes the sender for a quantum of about a millisecond, so that segmentation offload has something to join, and
/// small enough for a router's queue. A wake-up that comes late is made good: the bucket holds more than one quantum.
/// </remarks>
internal sealed class Pacer
{
    private const int LargestQuantum = 64 * 1024; // what one system call sends
    private const int LeastDatagrams = 2; // A quantum is no less, however slow the path.

    // A sender is woken for so much at a time.
    private static readonly TimeSpan QuantumTime = TimeSpan.FromMilliseconds(1);

    // Timers of operating systems fire up to some milliseconds late. What was not sent meanwhile may follow at once.
    private static readonly TimeSpan Lateness = TimeSpan.FromMilliseconds(4);

    // On a shorter path (loopback, a LAN) a timer is coarser than the round trip; there the window alone clocks the sender.
    private static readonly TimeSpan ShortestPacedRoundTrip = TimeSpan.FromMilliseconds(2);

    private double _rate = double.PositiveInfinity; // bytes a second
    private double _tokens; // bytes; below zero after a probe or the last datagram of a batch
    private long _quantum = LargestQuantum;
    private double _capacity;
    private bool _open = true; // From a full quantum until none is left: else echoes would draw single datagrams.
    private Instant _filledAt;

    /// <summary>Whether it holds anything back.</summary>
    public bool IsPaced => !double.IsPositiveInfinity(_rate);

    /// <summary>The rate in bytes a second; positive infinity while unpaced.</summary>
    public double BytesPerSecond => _rate;

    /// <summary>Bytes that the sender is woken for; a good size for a batch.</summary>
    public long Quantum => _quantum;

    /// <summary>Takes the rate that holds from now on.</summary>
    /// <param name="bytesPerSecond">As <see cref="ICongestionControl.BytesPerSecond"/> says.</param>
    /// <param name="leastRoundTrip">The path's; below 2 ms nothing is paced.</param>
    /// <param name="datagramLength">The largest datagram in use, in bytes.</param>
    /// <param name="now">The time.</param>
    public void SetRate(double bytesPerSecond, TimeSpan leastRoundTrip, int datagramLength, Instant now)
    {
        Fill(now);
        bool wasPaced = IsPaced;
        _rate = leastRoundTrip < ShortestPacedRoundTrip || !(bytesPerSecond > 0) ? double.PositiveInfinity : bytesPerSecond;
        if (!IsPaced)
        {
            _quantum = LargestQuantum;
            return;
        }

        // The least comes last: a single datagram may be nearly as long as the largest quantum.
        _quantum = Math.Max(Math.Min((long)(_rate * QuantumTime.TotalSeconds), LargestQuantum), LeastDatagrams * (long)datagramLength);
        _capacity = _quantum + (_rate * Lateness.TotalSeconds);
        if (!wasPaced) (_tokens, _filledAt, _open) = (_quantum, now, true);
        _tokens = Math.Min(_tokens, _capacity);
    }

    /// <summary>
    /// Bytes that may be sent now: none until a quantum has gathered, then all there are. The last datagram may exceed them; the
    /// debt is kept.
    /// </summary>
    public long Allowance(Instant now)
    {
        if (!IsPaced) return long.MaxValue;
        Fill(now);
        if (_tokens >= _quantum) _open = true;
        return _open ? Math.Max(0, (long)_tokens) : 0;
    }

    /// <summary>When <see cref="Allowance"/> is more than nothing; null while unpaced. A sender that is held back by nothing else waits for it.</summary>
    public Instant? NextSend(Instant now)
    {
        if (!IsPaced) return null;
        return Allowance(now) > 0 ? now : now + TimeSpan.FromSeconds((_quantum - _tokens) / _rate) + TimeSpan.FromTicks(1);
    }

    /// <summary>Takes off what was sent, of all kinds.</summary>
    public void OnSent(int bytes, Instant now)
    {
        if (!IsPaced) return;
        Fill(now);
        _tokens -= bytes;
        if (_tokens <= 0) _open = false;
    }

    private void Fill(Instant now)
    {
        if (IsPaced && now > _filledAt) _tokens = Math.Min(_capacity, _tokens + (_rate * (now - _filledAt).TotalSeconds));
        if (now > _filledAt) _filledAt = now;
    }
}
