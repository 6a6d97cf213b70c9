using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tests.Tubus.Congestion;

public sealed class CubicControlTests
{
    private const int Datagram = 1400;
    private static readonly TimeSpan Trip = TimeSpan.FromMilliseconds(100);
    private static readonly Instant Start = new(TimeSpan.FromSeconds(1));

    [Fact]
    public void It_begins_with_ten_datagrams_and_doubles_them_each_round_trip()
    {
        CubicControl control = new(Datagram);
        Assert.Equal(14_000, control.Window);
        Assert.True(double.IsPositiveInfinity(control.BytesPerSecond));
        Acknowledge(control, 14_000, Start);
        Assert.Equal(28_000, control.Window);
        Assert.Equal(2 * 28_000 / 0.1, control.BytesPerSecond, 1.0);
        Assert.True(control.IsStarting);
    }

    [Fact]
    public void A_loss_costs_three_tenths_once_a_round_trip()
    {
        CubicControl control = new(Datagram);
        Acknowledge(control, 86_000, Start); // 100,000
        Lose(control, sent: Start - Trip, now: Start);
        Assert.Equal(70_000, control.Window);
        Assert.False(control.IsStarting);
        Lose(control, sent: Start - (Trip / 2), now: Start + (Trip / 2)); // Sent before the reduction: the same congestion.
        Assert.Equal(70_000, control.Window);
        Lose(control, sent: Start + (Trip / 2), now: Start + (Trip * 1.5));
        Assert.Equal(49_000, control.Window);
    }

    [Fact]
    public void It_comes_back_to_its_maximum_as_the_cubic_function_says()
    {
        CubicControl control = new(Datagram);
        Acknowledge(control, (1000 * Datagram) - 14_000, Start);
        Lose(control, sent: Start - Trip, now: Start);
        // RFC 9438 section 4.2: K = cbrt(W_max (1 - beta) / C), here cbrt(300 / 0.4) = 9.09 s.
        Assert.InRange(Windows(control, Start + Trip, TimeSpan.FromSeconds(4.5)), 955, 970); // 1000 - 0.4 * 4.59^3 = 961
        Assert.InRange(Windows(control, Start + TimeSpan.FromSeconds(4.6), TimeSpan.FromSeconds(4.6)), 995, 1005);
    }

    [Fact]
    public void A_window_that_is_not_used_does_not_grow()
    {
        CubicControl control = new(Datagram);
        RateSample rate = new() { NewlyAcknowledged = Datagram, HasAcknowledgement = true, IsApplicationLimited = true };
        for (int i = 0; i < 100; i++) control.OnFeedback(new Feedback(Start, 0, Trip, Trip, Trip, rate));
        Assert.Equal(14_000, control.Window);
    }

    [Fact]
    public void Only_long_silence_takes_the_window_down()
    {
        CubicControl control = new(Datagram);
        Acknowledge(control, 86_000, Start);
        control.OnProbeTimeout(Start + Trip);
        control.OnProbeTimeout(Start + (Trip * 3));
        Assert.Equal(100_000, control.Window);
        control.OnProbeTimeout(Start + (Trip * 7));
        Assert.Equal(2 * Datagram, control.Window);
        Acknowledge(control, 2 * Datagram, Start + (Trip * 8));
        Assert.Equal(4 * Datagram, control.Window); // Slow start, up to the threshold.
    }

    [Fact]
    public void A_rising_round_trip_ends_slow_start_before_a_loss()
    {
        HyStart hyStart = new();
        long delivered = 0;
        bool over = false;
        int rounds = 0;
        for (; !over && rounds < 30; rounds++)
        {
            long prior = delivered; // Each of the round's feedbacks is of data sent when the round began.
            TimeSpan trip = Trip + TimeSpan.FromMilliseconds(rounds < 5 ? 0 : 15); // A queue from the sixth round on.
            for (int i = 0; i < 10; i++)
            {
                delivered += 1000;
                RateSample rate = new() { PriorDelivered = prior, TotalDelivered = delivered, HasAcknowledgement = true };
                over |= hyStart.OnFeedback(new Feedback(Start, 0, trip, Trip, trip, rate));
            }

            Assert.Equal(rounds < 5 ? 1 : 4, hyStart.GrowthDivisor);
        }

        Assert.Equal(11, rounds); // Conservative slow start ends after five rounds: RFC 9406 section 4.2.
    }

    private static double Windows(CubicControl control, Instant from, TimeSpan time)
    {
        for (Instant now = from; now < from + time; now += Trip / 10) Acknowledge(control, control.Window / 10, now);
        return (double)control.Window / Datagram;
    }

    private static void Acknowledge(CubicControl control, long bytes, Instant now)
    {
        RateSample rate = new() { NewlyAcknowledged = bytes, HasAcknowledgement = true };
        control.OnFeedback(new Feedback(now, control.Window, Trip, Trip, Trip, rate));
    }

    private static void Lose(CubicControl control, Instant sent, Instant now)
    {
        RateSample rate = new() { NewlyLost = Datagram, LostSentAt = sent };
        control.OnFeedback(new Feedback(now, control.Window, null, Trip, Trip, rate));
    }
}
