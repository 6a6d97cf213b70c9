using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tests.Tubus.Congestion;

public sealed class RoundTripTests
{
    private static readonly Instant Start = new(TimeSpan.FromSeconds(1));

    [Fact]
    public void Before_a_sample_the_initial_values_of_RFC_9002_hold()
    {
        RoundTrip trip = new();
        Assert.False(trip.IsMeasured);
        Assert.Equal(Ms(333), trip.Smoothed);
        Assert.Equal(Ms(999), trip.ProbeTimeout());
    }

    [Fact]
    public void The_first_sample_sets_all_as_in_RFC_6298()
    {
        RoundTrip trip = new();
        trip.OnSample(Ms(80), Start);
        Assert.Equal((Ms(80), Ms(40), Ms(80), Ms(80)), (trip.Smoothed, trip.Variation, trip.Latest, trip.Least));
        Assert.Equal(Ms(80 + (4 * 40)), trip.ProbeTimeout());
    }

    [Fact]
    public void A_sample_a_round_trip_later_has_the_gains_of_RFC_6298()
    {
        RoundTrip trip = new();
        trip.OnSample(Ms(80), Start);
        trip.OnSample(Ms(160), Start + Ms(80));
        Assert.Equal(Ms(90), trip.Smoothed); // 7/8 of 80, 1/8 of 160
        Assert.Equal(Ms(50), trip.Variation); // 3/4 of 40, 1/4 of 80
        Assert.Equal(Ms(80), trip.Least);
    }

    [Fact]
    public void A_hundred_samples_in_a_round_trip_weigh_as_one()
    {
        RoundTrip trip = new();
        trip.OnSample(Ms(80), Start);
        for (int i = 1; i <= 100; i++) trip.OnSample(Ms(160), Start + Ms(i * 0.8));
        Assert.InRange(trip.Smoothed.TotalMilliseconds, 89, 96);
    }

    [Fact]
    public void A_steady_path_has_no_variation_and_the_timeout_keeps_a_granule()
    {
        RoundTrip trip = new();
        for (int i = 0; i < 100; i++) trip.OnSample(Ms(50), Start + Ms(50 * i));
        Assert.InRange(trip.Variation, TimeSpan.Zero, Ms(0.01));
        Assert.Equal(51, trip.ProbeTimeout().TotalMilliseconds, 1.0);
    }

    [Theory]
    [InlineData(0, 240)]
    [InlineData(1, 480)]
    [InlineData(3, 1920)]
    [InlineData(20, 60_000)]
    [InlineData(int.MaxValue, 60_000)]
    public void Each_silent_timeout_doubles_the_next_up_to_a_minute(int backoff, int milliseconds)
    {
        RoundTrip trip = new();
        trip.OnSample(Ms(80), Start);
        Assert.Equal(Ms(milliseconds), trip.ProbeTimeout(backoff));
    }

    [Fact]
    public void The_least_is_forgotten_after_ten_seconds()
    {
        RoundTrip trip = new();
        trip.OnSample(Ms(20), Start);
        for (int i = 1; i <= 95; i++) trip.OnSample(Ms(60), Start + Ms(100 * i));
        Assert.Equal(Ms(20), trip.Least);
        for (int i = 96; i <= 110; i++) trip.OnSample(Ms(60), Start + Ms(100 * i));
        Assert.Equal(Ms(60), trip.Least);
    }

    [Fact]
    public void A_clock_that_stands_still_or_turns_back_does_no_harm()
    {
        RoundTrip trip = new();
        trip.OnSample(TimeSpan.Zero, Start);
        trip.OnSample(Ms(-5), Start);
        trip.OnSample(Ms(5), Start - Ms(5));
        Assert.True(trip.Smoothed > TimeSpan.Zero);
        Assert.True(trip.ProbeTimeout() > TimeSpan.Zero);
    }

    [Fact]
    public void The_windowed_minimum_is_that_of_the_last_window()
    {
        Random random = new(7);
        WindowedMinimum minimum = new(Ms(1000));
        List<(Instant At, TimeSpan Value)> all = [];
        for (int i = 0; i < 5000; i++)
        {
            Instant now = Start + Ms(10 * i);
            TimeSpan value = Ms(random.Next(10, 1000));
            all.Add((now, value));
            minimum.Add(value, now);
            TimeSpan exact = all.TakeLast(101).Min(sample => sample.Value);
            TimeSpan recent = all.TakeLast(25).Min(sample => sample.Value);
            Assert.InRange(minimum.Value, exact, recent); // Never too low, and never worse than the last quarter's.
        }
    }

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
