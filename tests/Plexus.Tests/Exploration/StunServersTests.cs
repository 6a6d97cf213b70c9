using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Plexus.Exploration;

namespace Plexus.Tests.Exploration;

public sealed class StunServersTests
{
    private static readonly IPAddress V4 = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress V6 = IPAddress.Parse("2001:db8::1");

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    [InlineData(",")]
    public void Without_a_name_the_public_servers_are_asked(string? text) => Assert.Same(StunServers.Default, StunServers.Parse(text));

    [Fact]
    public void Each_default_server_has_another_operator() =>
        Assert.Distinct(StunServers.Default.Select(n => string.Join('.', n.Host.Split('.')[^2..])));

    [Fact]
    public void Named_servers_replace_them() =>
        Assert.Equal([new("a-b.example", 3478), new("2001:db8::1", 5)], StunServers.Parse("a-b.example, [2001:db8::1]:5"));

    [Theory]
    [InlineData("good.example,b@d", "'b@d'")]
    [InlineData("good.example:0", "'good.example:0'")]
    public void A_wrong_name_is_told(string text, string wrong)
    {
        PlexusException e = Assert.Throws<PlexusException>(() => StunServers.Parse(text));
        Assert.Equal(PlexusStage.Settings, e.Stage);
        Assert.Contains(wrong, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_resolve_in_the_family_of_the_socket_and_each_failure_has_a_reason()
    {
        NamedNetwork network = new(host => host switch
        {
            "both" => Task.FromResult<IPAddress[]>([V6, V4]),
            "six" => Task.FromResult<IPAddress[]>([V6]),
            _ => Task.FromException<IPAddress[]>(NamedNetwork.NoSuchHost),
        });
        IReadOnlyList<StunServerAddress> found = await StunServers.ResolveAsync(
            [new("both", 1), new("six", 2), new("none", 3)], AddressFamily.InterNetwork, network, TimeProvider.System);
        Assert.Equal([new IPEndPoint(V4, 1), null, null], found.Select(f => f.EndPoint));
        Assert.Equal([null, "it has no IPv4 address", "its name does not resolve"], found.Select(f => f.Failure));
    }

    [Fact]
    public async Task A_name_that_hangs_holds_the_others_up_for_half_a_second_only()
    {
        FakeTimeProvider clock = new();
        NamedNetwork network = new(host => host == "good"
            ? Task.FromResult<IPAddress[]>([V4]) : new TaskCompletionSource<IPAddress[]>().Task);
        Task<IReadOnlyList<StunServerAddress>> resolving = StunServers.ResolveAsync(
            [new("good", 1), new("hangs", 2)], AddressFamily.InterNetwork, network, clock);
        clock.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(resolving.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        IReadOnlyList<StunServerAddress> found = await resolving;
        Assert.Equal([null, "its name did not resolve in time"], found.Select(f => f.Failure));
    }
}
