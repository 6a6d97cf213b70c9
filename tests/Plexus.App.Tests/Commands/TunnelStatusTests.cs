using Plexus.App.Commands;
using Plexus.Identities;
using Plexus.Tunnels;

namespace Plexus.App.Tests.Commands;

public sealed class TunnelStatusTests
{
    private static readonly IdentityName Bob = IdentityName.Parse("bob@x/home");

    [Fact]
    public void One_line_tells_how_tunnels_do()
    {
        Assert.Equal("no tunnel is open", TunnelStatus.Describe([]));
        TunnelReport one = new(1, 5, 9, 9, 999, 1_240_000, TimeSpan.FromMilliseconds(42.21), 0);
        Assert.Equal("bob@x/home: 1 connection, 999 B/s out, 1.2 MB/s in, round trip 42.2 ms", TunnelStatus.Describe([(Bob, one)]));
        TunnelReport other = new(2, 5, 9, 9, 1_000, 0, null, 0);
        Assert.Equal("2 peers: 3 connections, 2.0 kB/s out, 1.2 MB/s in, round trip 42.2 ms", TunnelStatus.Describe([(Bob, one), (Bob, other)]));
    }
}
