using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tests.Tubus.Congestion;

public sealed class BbrControlTests
{
    private const int Datagram = 1_400;

    [Fact]
    public void The_few_bytes_of_a_handshake_do_not_slow_down_what_follows()
    {
        BbrControl control = new(Datagram, () => 0, Instant.Zero);
        TimeSpan trip = TimeSpan.FromMilliseconds(40);
        RateSample sample = new()
        {
            NewlyAcknowledged = 60,
            TotalDelivered = 60,
            HasAcknowledgement = true,
            Delivered = 60,
            Interval = trip,
            IsApplicationLimited = true,
        };
        control.OnFeedback(new Feedback(Instant.Zero + trip, 0, trip, trip, trip, sample));
        Assert.InRange(control.BytesPerSecond, 10 * Datagram / 0.04, double.MaxValue); // At least the initial window in a round trip.
    }
}
