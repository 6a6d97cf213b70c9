using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tests.Tubus.Congestion;

/// <summary>The controls on a simulated path. What is asserted has a margin of what was measured; every run is the same.</summary>
public sealed class CongestionSimulationTests
{
    private const double Rate = 12_500_000; // 100 Mbit/s

    private static readonly Func<Instant, Func<ulong>, ICongestionControl> Bbr =
        (now, random) => new BbrControl(SimulatedFlow.DatagramLength, random, now);

    private static readonly Func<Instant, Func<ulong>, ICongestionControl> Cubic = (_, _) => new CubicControl(SimulatedFlow.DatagramLength);

    [Theory] // round trip in ms, buffer in parts of bandwidth times delay, loss each way, least part of the rate that arrives
    [InlineData(1, 1, 0, 0.95)]
    [InlineData(10, 0.25, 0, 0.97)]
    [InlineData(10, 1, 0.01, 0.93)]
    [InlineData(40, 0.25, 0, 0.97)]
    [InlineData(40, 0.5, 0.01, 0.92)]
    [InlineData(40, 4, 0.01, 0.92)]
    [InlineData(100, 0.25, 0, 0.97)]
    [InlineData(100, 1, 0.01, 0.92)]
    [InlineData(200, 0.5, 0.01, 0.92)]
    public void Bbr_fills_the_path_whatever_its_buffer_and_chance_losses(double roundTrip, double buffer, double loss, double least)
    {
        Bottleneck path = Path(roundTrip, buffer, loss);
        path.Add(Bbr);
        path.Measure(Seconds(3), Seconds(11));
        Assert.InRange(path.Utilization(), least, 1.001);
        Assert.InRange(path.MeanQueue.TotalMilliseconds, 0, 1 + (roundTrip * 0.1));
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(40, 0.5)]
    [InlineData(100, 1)]
    public void Cubic_fills_a_path_without_chance_losses(double roundTrip, double buffer)
    {
        Bottleneck path = Path(roundTrip, buffer, loss: 0);
        path.Add(Cubic);
        path.Measure(Seconds(3), Seconds(11));
        Assert.InRange(path.Utilization(), 0.93, 1.001);
    }

    [Fact]
    public void Bbr_reaches_80_megabytes_a_second_at_100_ms_in_less_than_two_seconds()
    {
        Bottleneck path = new() { Rate = 80e6, Buffer = 4 << 20, BaseRoundTrip = Ms(100) };
        SimulatedFlow flow = path.Add(Bbr);
        path.Measure(Seconds(1.6), Seconds(2));
        Assert.InRange(flow.BytesPerSecond, 72e6, 81e6);
    }

    [Fact]
    public void One_percent_of_chance_losses_each_way_costs_bbr_no_more_than_the_lost_bytes_and_a_little()
    {
        Bottleneck path = new() { Rate = 80e6, Buffer = 4 << 20, BaseRoundTrip = Ms(100), Loss = 0.01, EchoLoss = 0.01 };
        SimulatedFlow flow = path.Add(Bbr);
        path.Measure(Seconds(2), Seconds(4));
        Assert.InRange(flow.BytesPerSecond, 72e6, 80e6);
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(40, 1)]
    [InlineData(40, 2)]
    public void Two_bbr_flows_find_their_shares_although_one_began_later(double roundTrip, double buffer)
    {
        Bottleneck path = Path(roundTrip, buffer, loss: 0);
        path.Add(Bbr);
        path.Add(Bbr, Seconds(1));
        path.Measure(Seconds(10), Seconds(25));
        Assert.InRange(path.Fairness(), 0.9, 1);
        Assert.InRange(path.Utilization(), 0.95, 1.001);
    }

    [Theory]
    [InlineData(10, 0.5)]
    [InlineData(10, 2)]
    [InlineData(40, 0.5)]
    [InlineData(40, 1)]
    [InlineData(40, 2)]
    public void Neither_bbr_nor_cubic_starves_the_other(double roundTrip, double buffer)
    {
        foreach (bool bbrFirst in (bool[])[true, false])
        {
            Bottleneck path = Path(roundTrip, buffer, loss: 0);
            path.Add(bbrFirst ? Bbr : Cubic);
            path.Add(bbrFirst ? Cubic : Bbr, Seconds(1));
            path.Measure(Seconds(5), Seconds(20));
            Assert.All(path.Flows, flow => Assert.InRange(flow.BytesPerSecond, Rate / 8, Rate));
        }
    }

    [Fact]
    public void After_an_outage_bbr_goes_on_as_before()
    {
        Bottleneck path = new()
        {
            Rate = Rate, Buffer = 500_000, BaseRoundTrip = Ms(40), Outage = (Seconds(3), Seconds(8)),
        };
        SimulatedFlow flow = path.Add(Bbr);
        path.Run(Seconds(8));
        long before = flow.Sent;
        // The probe that finds the path comes at the latest a back-off later; then everything comes back within some round trips.
        while (flow.Sent < before + 100_000) path.Run(path.Now.SinceStart + Ms(20));
        Assert.InRange(path.Now.SinceStart, Seconds(8), Seconds(14));
        path.Run(path.Now.SinceStart + Ms(400));
        path.Measure(path.Now.SinceStart, path.Now.SinceStart + Seconds(2));
        Assert.InRange(path.Utilization(), 0.93, 1.001);
    }

    [Fact]
    public void A_rate_that_falls_is_found_and_one_that_rises_too()
    {
        Bottleneck path = Path(40, 1, loss: 0);
        path.Add(Bbr);
        path.Run(Seconds(3));
        path.Rate = Rate / 4;
        path.Measure(Seconds(6), Seconds(8));
        Assert.InRange(path.Utilization(), 0.9, 1.001);
        path.Rate = Rate;
        path.Measure(Seconds(18), Seconds(20));
        Assert.InRange(path.Utilization(), 0.9, 1.001);
    }

    [Fact]
    public void An_application_that_is_slower_than_the_path_gets_its_rate_and_no_queue()
    {
        Bottleneck path = Path(40, 1, loss: 0.01);
        SimulatedFlow flow = path.Add(Bbr, applicationRate: 1e6);
        path.Measure(Seconds(1), Seconds(8));
        Assert.InRange(flow.BytesPerSecond, 0.97e6, 1e6); // Its losses are not sent again in this model.
        Assert.Equal(0, path.MeanQueue.TotalMilliseconds, 0.2);
    }

    [Theory] // bytes a second, round trip in microseconds
    [InlineData(500e6, 50)]
    [InlineData(2000e6, 100)]
    public void A_loopback_is_filled_without_overflowing_a_socket_buffer(double rate, double microseconds)
    {
        Bottleneck path = new()
        {
            Rate = rate, Buffer = 4 << 20, BaseRoundTrip = TimeSpan.FromMicroseconds(microseconds),
            EchoBatching = TimeSpan.FromMicroseconds(microseconds),
        };
        SimulatedFlow flow = path.Add(Bbr);
        path.Measure(Seconds(0.1), Seconds(0.3));
        Assert.InRange(path.Utilization(), 0.97, 1.001);
        Assert.InRange(flow.MostInFlight, 0, 3 << 20);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Feedback_costs_no_memory(bool bbr)
    {
        Instant now = new(Seconds(1));
        ICongestionControl control = (bbr ? Bbr : Cubic)(now, () => 42);
        DeliveryRate rate = new();
        RoundTrip trip = new();
        Pacer pacer = new();
        long before = 0;
        for (int i = 0; i < 20_000; i++)
        {
            if (i == 1000) before = GC.GetAllocatedBytesForCurrentThread();
            RateStamp stamp = rate.OnSent(1400, 0, now);
            control.OnSent(1400, 0, now);
            Instant sent = now;
            now += Ms(10);
            trip.OnSample(Ms(10), now);
            if (i % 100 == 0) rate.OnLost(stamp, 1400, sent);
            else rate.OnAcknowledged(stamp, 1400, sent, now);
            control.OnFeedback(new Feedback(now, 0, Ms(10), trip.Least, trip.Smoothed, rate.Take(trip.Least)));
            pacer.SetRate(control.BytesPerSecond, trip.Least, 1400, now);
            pacer.OnSent(1400, now);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Bottleneck Path(double roundTrip, double buffer, double loss) => new()
    {
        Rate = Rate,
        Buffer = (long)(Rate * roundTrip / 1000 * buffer),
        BaseRoundTrip = Ms(roundTrip),
        Loss = loss,
        EchoLoss = loss,
    };

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
