using Plexus.Protocols.Tubus;
using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>RFC 8985, on a window of ten fragments that were sent a millisecond apart over a path of 40 ms.</summary>
public sealed class LossDetectionTests
{
    private readonly SendWindow _window = new(new PagePool());
    private readonly RoundTrip _roundTrip = new();
    private readonly DeliveryRate _rate = new();
    private readonly LossDetection _loss;
    private long _order;

    public LossDetectionTests()
    {
        _loss = new LossDetection(_window, _roundTrip, _rate);
        _roundTrip.OnSample(TimeSpan.FromMilliseconds(40), At(0));
        _window.Write(new byte[1000]);
        for (int i = 0; i < 10; i++) Send(_window.Cut(100), At(i));
    }

    [Fact]
    public void Three_later_echoes_make_a_loss_while_nothing_was_out_of_order()
    {
        Assert.Empty(Echo(At(41), 1, 2));
        Assert.Equal([0], Echo(At(43), 3));
        Assert.Null(_loss.Deadline);
    }

    [Fact]
    public void Fewer_make_one_when_a_quarter_of_a_round_trip_has_passed()
    {
        Assert.Empty(Echo(At(41), 1));
        Assert.Equal(At(50), _loss.Deadline); // Sent at 0, the round trip, and 10 ms.
        Assert.True(_loss.Detect(At(50)));
        Assert.Equal(FragmentState.Lost, _window[0].State);
    }

    [Fact]
    public void Once_something_came_out_of_order_time_alone_decides()
    {
        Assert.Empty(Echo(At(41), 1));
        Assert.Empty(Echo(At(42), 0)); // Late, not lost.
        Assert.Empty(Echo(At(46), 3, 4, 5, 6));
        Assert.Equal(FragmentState.InFlight, _window[2].State);
        Assert.Equal(At(52), _loss.Deadline);
    }

    [Fact]
    public void A_spurious_loss_makes_more_patient()
    {
        Assert.Equal([0, 1, 2], Echo(At(48), 5, 6, 7, 8)[..3]);
        Assert.Equal(5, _loss.LostCount);
        Assert.Empty(Echo(At(60), 0));
        Assert.Equal(1, _loss.SpuriousCount);
        long again = _window.FirstLost;
        Send(again, At(100));
        Send(_window.FirstLost, At(101));
        Send(_window.FirstLost, At(102));
        Assert.Equal([9], Echo(At(141), 2)); // It was in flight all the time.
        Assert.Equal(At(100 + 40 + 20), _loss.Deadline); // Two quarters now. (The one of 2 was sent at 101.)
    }

    [Fact]
    public void An_echo_too_early_for_a_repetition_is_of_the_first_transmission()
    {
        Assert.Equal([0], Echo(At(43), 1, 2, 3));
        Send(0, At(43));
        Echo(At(60), 0); // 17 ms after the repetition, on a path of 40.
        Assert.Equal(1, _loss.SpuriousCount);
        Assert.Equal(6, _window.InFlightCount); // And nobody else was given up for it.
    }

    [Fact]
    public void A_lost_repetition_is_seen_by_what_was_sent_after_it()
    {
        Assert.Equal([0], Echo(At(43), 1, 2, 3));
        Send(0, At(43));
        _window.Write(new byte[400]);
        for (int i = 0; i < 4; i++) Send(_window.Cut(100), At(44 + i));
        Echo(At(49), 4, 5, 6, 7, 8, 9);
        Assert.Equal([0], Echo(At(86), 10, 11, 12));
    }

    private static Instant At(double milliseconds) => new(TimeSpan.FromMilliseconds(milliseconds));

    private void Send(long number, Instant now)
    {
        ref Fragment fragment = ref _window[number];
        fragment.Stamp = _rate.OnSent(fragment.Cost, _window.InFlight, now);
        fragment.Order = ++_order;
        fragment.Sent = now;
        _window.Launch(number);
    }

    /// <summary>Takes echoes, and tells which fragments were given up by that.</summary>
    private List<long> Echo(Instant now, params long[] numbers)
    {
        List<long> before = Lost();
        foreach (long number in numbers)
        {
            if (_loss.OnEcho(_window[number], now) is { } sample) _roundTrip.OnSample(sample, now);
            _window.Acknowledge(number);
        }

        _loss.Detect(now);
        return [.. Lost().Except(before)];
    }

    private List<long> Lost() =>
        [.. Enumerable.Range(0, (int)_window.End).Where(n => _window[n].State == FragmentState.Lost).Select(n => (long)n)];
}
