using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tests.Tubus.Congestion;

public sealed class DeliveryRateTests
{
    private static readonly Instant Start = new(TimeSpan.FromSeconds(1));
    private static readonly TimeSpan Trip = Ms(100);

    [Fact]
    public void A_steady_flow_gives_the_rate_at_which_it_is_delivered()
    {
        DeliveryRate rate = new();
        RateStamp[] stamps = new RateStamp[50];
        RateSample sample = default;
        // A datagram each 10 ms, its echo 100 ms later: ten in flight.
        for (int i = 0; i < stamps.Length; i++)
        {
            Instant now = Start + Ms(10 * i);
            if (i >= 10)
            {
                rate.OnAcknowledged(stamps[i - 10], 1000, now - Trip, now);
                sample = rate.Take(Trip);
            }

            stamps[i] = rate.OnSent(1000, 1000 * Math.Min(i, 9), now);
        }

        Assert.Equal(100_000, sample.BytesPerSecond);
        Assert.Equal(Trip, sample.Interval);
        Assert.Equal(10_000, sample.Delivered);
        Assert.Equal(10_000, sample.InFlight);
        Assert.Equal(1000, sample.NewlyAcknowledged);
        Assert.False(sample.IsApplicationLimited);
    }

    [Fact]
    public void Echoes_that_come_all_at_once_do_not_make_the_path_faster_than_it_was_sent_on()
    {
        DeliveryRate rate = new();
        RateStamp[] stamps = new RateStamp[20];
        for (int i = 0; i < stamps.Length; i++) stamps[i] = rate.OnSent(1000, 1000 * i, Start + Ms(10 * i));
        Instant now = Start + Ms(300);
        for (int i = 0; i < stamps.Length; i++) rate.OnAcknowledged(stamps[i], 1000, Start + Ms(10 * i), now);
        // Twenty in the 300 ms from the first sending to the echoes, although sent in 190.
        Assert.Equal(20_000 / 0.3, rate.Take(Trip).BytesPerSecond, 1.0);
    }

    [Fact]
    public void A_burst_does_not_make_the_path_faster_than_its_echoes()
    {
        DeliveryRate rate = new();
        RateStamp[] stamps = new RateStamp[11];
        for (int i = 0; i < stamps.Length; i++) stamps[i] = rate.OnSent(1000, 1000 * i, Start);
        RateSample sample = default;
        for (int i = 0; i < stamps.Length; i++)
        {
            rate.OnAcknowledged(stamps[i], 1000, Start, Start + Trip + Ms(i));
            sample = rate.Take(Trip);
        }

        Assert.Equal(11_000 / 0.110, sample.BytesPerSecond, 1.0);
    }

    [Fact]
    public void Idle_time_does_not_make_the_path_slower()
    {
        DeliveryRate rate = new();
        RateStamp stamp = rate.OnSent(1000, 0, Start);
        rate.OnAcknowledged(stamp, 1000, Start, Start + Trip);
        rate.Take(Trip);
        Instant later = Start + Ms(60_000);
        stamp = rate.OnSent(1000, 0, later);
        rate.OnAcknowledged(stamp, 1000, later, later + Trip);
        Assert.Equal(10_000, rate.Take(Trip).BytesPerSecond);
    }

    [Fact]
    public void What_is_sent_while_the_application_is_the_limit_says_so_until_its_bubble_has_passed()
    {
        DeliveryRate rate = new();
        RateStamp first = rate.OnSent(1000, 0, Start);
        rate.OnApplicationLimited(1000);
        RateStamp second = rate.OnSent(1000, 1000, Start + Ms(50));
        rate.OnAcknowledged(first, 1000, Start, Start + Trip);
        Assert.False(rate.Take(Trip).IsApplicationLimited);
        rate.OnAcknowledged(second, 1000, Start + Ms(50), Start + Ms(150));
        Assert.True(rate.Take(Trip).IsApplicationLimited);
        RateStamp third = rate.OnSent(1000, 0, Start + Ms(200));
        rate.OnAcknowledged(third, 1000, Start + Ms(200), Start + Ms(300));
        Assert.False(rate.Take(Trip).IsApplicationLimited);
    }

    [Fact]
    public void An_interval_shorter_than_a_round_trip_gives_no_rate()
    {
        DeliveryRate rate = new();
        RateStamp stamp = rate.OnSent(1000, 0, Start);
        rate.OnAcknowledged(stamp, 1000, Start, Start + Ms(20)); // An echo of an earlier transmission of the same data.
        RateSample sample = rate.Take(Trip);
        Assert.Equal(0, sample.BytesPerSecond);
        Assert.Equal(1000, sample.NewlyAcknowledged);
        Assert.True(sample.HasAcknowledgement);
    }

    [Fact]
    public void Losses_tell_how_much_was_in_flight_and_lost_since()
    {
        DeliveryRate rate = new();
        RateStamp[] stamps = new RateStamp[10];
        for (int i = 0; i < stamps.Length; i++) stamps[i] = rate.OnSent(1000, 1000 * i, Start + Ms(i));
        for (int i = 2; i < 5; i++) rate.OnLost(stamps[i], 1000, Start + Ms(i));
        rate.OnAcknowledged(stamps[9], 1000, Start + Ms(9), Start + Ms(109));
        RateSample sample = rate.Take(Trip);
        Assert.Equal((3000, 1000), (sample.NewlyLost, sample.NewlyAcknowledged));
        Assert.Equal((Start + Ms(4), 5000, 3000), (sample.LostSentAt, sample.LostInFlight, sample.LostSince));
        Assert.Equal((10_000, 3000), (sample.InFlight, sample.Lost));
    }

    [Fact]
    public void A_batch_without_anything_is_empty()
    {
        DeliveryRate rate = new();
        Assert.Equal(default, rate.Take(Trip));
        RateStamp stamp = rate.OnSent(1000, 0, Start);
        rate.OnLost(stamp, 1000, Start);
        RateSample sample = rate.Take(Trip);
        Assert.False(sample.HasAcknowledgement);
        Assert.Equal(default, rate.Take(Trip));
    }

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
