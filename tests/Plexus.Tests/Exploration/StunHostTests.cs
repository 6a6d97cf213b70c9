using System.Net;
using Plexus.Exploration;
using Plexus.Sockets;

namespace Plexus.Tests.Exploration;

public sealed class StunHostTests
{
    [Theory]
    [InlineData("127.0.0.1,127.0.0.2,127.0.0.3", 3479, "at most two")]
    [InlineData("0.0.0.0,127.0.0.2", 3479, "any-address")]
    [InlineData("127.0.0.1", 3478, "must differ")]
    [InlineData("192.0.2.99", 3479, "cannot listen")]
    public void Settings_that_do_not_fit_are_told(string addresses, int alternatePort, string told)
    {
        PlexusException e = Assert.Throws<PlexusException>(() => StunHost.Open(
            addresses.Split(',').Select(IPAddress.Parse), 3478, alternatePort, UdpNetwork.Instance, TimeProvider.System));
        Assert.Equal(PlexusStage.Settings, e.Stage);
        Assert.Contains(told, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_any_address_is_told_as_one_that_can_be_reached()
    {
        await using StunHost host = StunHost.Open([IPAddress.Any], 0, null, UdpNetwork.Instance, TimeProvider.System);
        Assert.NotEqual(IPAddress.Any, host.Servers[0].Sockets[0].Address);
    }
}
