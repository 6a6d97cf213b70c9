using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

public sealed class PathMtuTests
{
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(40);

    private ulong _random;

    [Theory]
    [InlineData(1200, 1200, 12)] // Four sizes, three times.
    [InlineData(1420, 1406, 10)]
    [InlineData(1452, 1452, 6)]
    [InlineData(1472, 1472, 10)] // And the two of the next group three times.
    [InlineData(9000, 8972, 12)]
    [InlineData(65_507, 65_507, 8)]
    public void It_finds_the_largest_size_that_passes(int path, int found, int probes)
    {
        PathMtu mtu = new(65_507);
        mtu.Want();
        Assert.Equal((found, probes), (Search(mtu, path, out int sent), sent));
        Assert.Null(mtu.Deadline); // Nothing more, until somebody has much to send in ten minutes.
    }

    [Fact]
    public void Nothing_is_tried_beyond_the_limit()
    {
        PathMtu mtu = new(1406);
        mtu.Want();
        Assert.Equal((1406, 1), (Search(mtu, 65_507, out int sent), sent));
    }

    [Fact]
    public void Nothing_is_tried_without_need()
    {
        PathMtu mtu = new(65_507);
        Assert.Equal((1200, 0), (Search(mtu, 65_507, out int sent), sent));
    }

    [Fact]
    public void Two_timeouts_take_it_back_to_the_base_until_there_is_a_sign_of_life()
    {
        PathMtu mtu = new(65_507);
        mtu.Want();
        Search(mtu, 1472, out _);
        Assert.False(mtu.OnProbeTimeout(1));
        Assert.True(mtu.OnProbeTimeout(2));
        Assert.Equal(1200, mtu.Size);
        mtu.Want();
        Assert.Equal((1200, 0), (Search(mtu, 1472, out int sent), sent));
        mtu.OnProgress();
        Assert.Equal(1472, Search(mtu, 1472, out _));
    }

    [Fact]
    public void Other_pings_are_not_taken_for_probes()
    {
        PathMtu mtu = new(65_507);
        Assert.False(mtu.OnEcho(0, default));
        mtu.Want();
        Assert.True(mtu.TryTakeProbe(() => 77, default, RoundTrip, out int size, out ulong value));
        Assert.Equal((1406, 77UL), (size, value));
        Assert.False(mtu.OnEcho(78, default));
        Assert.True(mtu.OnEcho(77, default));
        Assert.False(mtu.OnEcho(77, default));
    }

    private int Search(PathMtu mtu, int path, out int sent)
    {
        sent = 0;
        Instant now = default;
        for (int i = 0; i < 20; i++)
        {
            List<ulong> passed = [];
            while (mtu.TryTakeProbe(() => ++_random, now, RoundTrip, out int size, out ulong value))
            {
                sent++;
                if (size <= path) passed.Add(value);
            }

            now += RoundTrip;
            foreach (ulong value in passed) mtu.OnEcho(value, now);
            if (passed.Count == 0 && mtu.Deadline is { } due && due > now) now = due;
        }

        return mtu.Size;
    }
}
