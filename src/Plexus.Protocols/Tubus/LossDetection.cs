using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tubus;

/// <summary>Decides by time which fragments are lost: RACK, RFC 8985, with an echo for each fragment in the place of SACK.</summary>
/// <remarks>
/// What was sent before something that has arrived should have arrived as well; a reordering window forgives for a while. The
/// window is a quarter of the least round trip and grows when a fragment was given up too early.
/// </remarks>
internal sealed class LossDetection(SendWindow window, RoundTrip roundTrip, DeliveryRate rate)
{
    private const int ReorderingDatagrams = 3; // DupThresh of RFC 8985 section 6.2 step 4.
    private const int WindowDivisor = 4; // RACK.reo_wnd is so many parts of the least round trip.
    private const int MostMultiplier = 20; // RFC 8985 sets no limit but the smoothed round trip; five round trips are beyond it.
    private const int PersistingEpisodes = 16; // RACK.reo_wnd_persist

    private long _order; // RACK.end_seq: all transmissions with lower numbers should have arrived
    private long _echoed; // The same, by echoes of fragments alone.
    private TimeSpan _roundTrip; // RACK.rtt
    private long _highest; // RACK.fack: the highest offset that was acknowledged
    private bool _sawReordering;
    private int _multiplier = 1;
    private int _episodesLeft;
    private Instant _lastEpisode;
    private Instant _lastSpurious;

    /// <summary>When fragments that are merely late become lost; null when there are none.</summary>
    public Instant? Deadline { get; private set; }

    /// <summary>Fragments that were given up, although they arrived.</summary>
    public long SpuriousCount { get; private set; }

    /// <summary>Fragments that were given up.</summary>
    public long LostCount { get; private set; }

    /// <summary>Notes the echo of a fragment, before the window takes it.</summary>
    /// <returns>The round trip; null when it cannot be told which transmission the echo is of.</returns>
    public TimeSpan? OnEcho(in Fragment fragment, Instant now)
    {
        TimeSpan elapsed = now - fragment.Sent;
        if (fragment.State == FragmentState.Lost)
        {
            OnSpurious(now);
            return null;
        }

        if (fragment.Transmissions > 1)
        {
            // RFC 8985 section 6.2 step 2: too early for an echo of the repetition.
            if (elapsed < roundTrip.Least) OnSpurious(now);
            else OnEchoed(fragment.Order, elapsed);
            return null;
        }

        if (fragment.Offset < _highest) _sawReordering = true;
        OnEchoed(fragment.Order, elapsed);
        _highest = Math.Max(_highest, fragment.Offset);
        return elapsed;
    }

    /// <summary>Notes that something else has arrived, such as a ping: what was sent before it should have, too.</summary>
    /// <param name="order">The number of the first transmission behind it.</param>
    /// <param name="elapsed">Its round trip.</param>
    public void OnArrival(long order, TimeSpan elapsed)
    {
        if (order < _order) return;
        _order = order;
        _roundTrip = elapsed;
    }

    /// <summary>Gives fragments up, after a batch of echoes or at the deadline.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Detect(Instant now)
    {
        Deadline = null;
        bool any = false;
        TimeSpan patience = _roundTrip + ReorderingWindow();
        while (window.Oldest != FragmentList.None)
        {
            ref Fragment oldest = ref window[window.Oldest];
            if (oldest.Order >= _order) break;
            bool isFarBehind = !_sawReordering && _echoed - oldest.Order >= ReorderingDatagrams;
            if (!isFarBehind && now - oldest.Sent < patience)
            {
                Deadline = oldest.Sent + patience;
                break;
            }

            rate.OnLost(oldest.Stamp, oldest.Cost, oldest.Sent);
            LostCount++;
            any = true;
            window.Lose(window.Oldest);
        }

        if (any && now - _lastEpisode > roundTrip.Smoothed)
        {
            _lastEpisode = now;
            if (_episodesLeft > 0 && --_episodesLeft == 0) _multiplier = 1;
        }

        return any;
    }

    private TimeSpan ReorderingWindow()
    {
        TimeSpan wanted = roundTrip.Least / WindowDivisor * _multiplier;
        return wanted < roundTrip.Smoothed ? wanted : roundTrip.Smoothed;
    }

    private void OnEchoed(long order, TimeSpan elapsed)
    {
        if (order <= _echoed) return;
        _echoed = order;
        OnArrival(order, elapsed);
    }

    private void OnSpurious(Instant now)
    {
        SpuriousCount++;
        _sawReordering = true;
        _episodesLeft = PersistingEpisodes;
        if (_multiplier >= MostMultiplier || now - _lastSpurious < roundTrip.Smoothed) return; // Once a round trip.
        _multiplier++;
        _lastSpurious = now;
    }
}
