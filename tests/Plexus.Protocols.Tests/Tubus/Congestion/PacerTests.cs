using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tests.Tubus.Congestion;

public sealed class PacerTests
{
    private const int Datagram = 1400;
    private static readonly Instant Start = new(TimeSpan.FromSeconds(1));
    private static readonly TimeSpan Trip = TimeSpan.FromMilliseconds(100);

    [Theory] // bytes a second; the batch that it wakes the sender for
    [InlineData(100_000, 2 * Datagram)]
    [InlineData(12_500_000, 12_500)]
    [InlineData(150_000_000, 64 * 1024)]
    public void The_sender_is_woken_for_a_millisecond_of_the_rate_within_bounds(double rate, long quantum)
    {
        Pacer pacer = new();
        pacer.SetRate(rate, Trip, Datagram, Start);
        Assert.Equal(quantum, pacer.Quantum);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(12_500_000)]
    [InlineData(150_000_000)]
    public void Over_a_second_exactly_the_rate_is_sent(double rate)
    {
        Pacer pacer = new();
        pacer.SetRate(rate, Trip, Datagram, Start);
        long sent = 0;
        int batches = 0;
        Instant now = Start;
        Instant end = Start + TimeSpan.FromSeconds(1);
        while (now < end)
        {
            batches++;
            while (pacer.Allowance(now) > 0)
            {
                pacer.OnSent(Datagram, now);
                sent += Datagram;
            }

            Instant next = pacer.NextSend(now)!.Value;
            Assert.True(next > now);
            now = next;
        }

        Assert.InRange(sent, rate * 0.99, (rate * 1.01) + pacer.Quantum + Datagram);
        Assert.InRange(batches, rate / (pacer.Quantum + Datagram) * 0.9, (rate / pacer.Quantum) + 2);
    }

    [Fact]
    public void Echoes_in_between_do_not_draw_single_datagrams()
    {
        Pacer pacer = new();
        pacer.SetRate(12_500_000, Trip, Datagram, Start);
        while (pacer.Allowance(Start) > 0) pacer.OnSent(Datagram, Start);
        // A datagram's worth has gathered, but not a batch's.
        Assert.Equal(0, pacer.Allowance(Start + TimeSpan.FromMicroseconds(400)));
        Assert.True(pacer.Allowance(Start + TimeSpan.FromMilliseconds(1.2)) >= pacer.Quantum);
    }

    [Fact]
    public void A_late_wake_up_is_made_good_but_idle_time_is_not_saved_up()
    {
        Pacer pacer = new();
        pacer.SetRate(12_500_000, Trip, Datagram, Start);
        while (pacer.Allowance(Start) > 0) pacer.OnSent(Datagram, Start);
        Assert.InRange(pacer.Allowance(Start + TimeSpan.FromMilliseconds(4)), 45_000, 50_001);
        Assert.InRange(pacer.Allowance(Start + TimeSpan.FromSeconds(10)), 50_000, 62_500);
    }

    [Fact]
    public void A_path_of_less_than_two_milliseconds_is_not_paced()
    {
        Pacer pacer = new();
        pacer.SetRate(1_000_000, TimeSpan.FromMicroseconds(80), Datagram, Start);
        Assert.False(pacer.IsPaced);
        pacer.OnSent(1 << 20, Start);
        Assert.Equal(long.MaxValue, pacer.Allowance(Start));
        Assert.Null(pacer.NextSend(Start));
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NaN)]
    [InlineData(0)]
    public void A_rate_that_is_none_does_not_stop_the_sender(double rate)
    {
        Pacer pacer = new();
        pacer.SetRate(rate, Trip, Datagram, Start);
        Assert.Equal(long.MaxValue, pacer.Allowance(Start));
    }
}
