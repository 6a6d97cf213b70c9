using System.Net;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Laboratory;

/// <summary>The laboratory itself: that its NATs do what the other tests believe they do.</summary>
public sealed class NamespaceInternetTests : IDisposable
{
    // A datagram crosses the whole laboratory in well under a millisecond.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(150);

    private readonly NamespaceInternet _internet;

    public NamespaceInternetTests()
    {
        Kernel.IsNeeded();
        _internet = new NamespaceInternet();
    }

    public void Dispose() => _internet?.Dispose();

    [Fact]
    public async Task A_port_restricted_NAT_keeps_the_port_and_drops_strangers()
    {
        NamespaceNat nat = _internet.AddNat(NatRecipe.PortRestricted);
        NamespaceHost server = _internet.AddPublicHost("server", addresses: 2);
        await using Probe home = new(_internet.AddHost(nat), 40_000);
        await using Probe first = new(server), second = new(server);

        await home.SendAsync(first.EndPoint);
        Assert.Equal(new IPEndPoint(nat.External[0], 40_000), await first.ReceiveAsync());
        await second.SendAsync(new IPEndPoint(nat.External[0], 40_000));
        Assert.Null(await home.ReceiveAsync(Silence));
        await home.SendAsync(second.EndPoint);
        Assert.Equal(new IPEndPoint(nat.External[0], 40_000), await second.ReceiveAsync());
        await first.SendAsync(new IPEndPoint(nat.External[0], 40_000));
        Assert.Equal(first.EndPoint, await home.ReceiveAsync());
    }

    [Fact]
    public async Task An_answering_NAT_loses_the_port_to_an_unsolicited_datagram()
    {
        NamespaceNat nat = _internet.AddNat(NatRecipe.Answering);
        await using Probe home = new(_internet.AddHost(nat), 40_000);
        await using Probe stranger = new(_internet.AddPublicHost("stranger"));

        await stranger.SendAsync(new IPEndPoint(nat.External[0], 40_000));
        await Task.Delay(TimeSpan.FromMilliseconds(500)); // Nothing tells when it has arrived; a busy machine takes its time.
        await home.SendAsync(stranger.EndPoint);

        Assert.NotEqual(40_000, (await stranger.ReceiveAsync())!.Port);
    }

    [Fact]
    public async Task A_full_cone_NAT_lets_strangers_in_and_hairpins_when_it_shall()
    {
        NamespaceNat nat = _internet.AddNat(NatRecipe.FullCone with { Hairpins = true });
        await using Probe home = new(_internet.AddHost(nat), 40_000);
        await using Probe neighbour = new(_internet.AddHost(nat), 40_001);
        NamespaceHost server = _internet.AddPublicHost("server");
        await using Probe known = new(server), stranger = new(server);

        await home.SendAsync(known.EndPoint);
        IPEndPoint outer = (await known.ReceiveAsync())!;
        await stranger.SendAsync(outer);
        Assert.Equal(stranger.EndPoint, await home.ReceiveAsync());
        await neighbour.SendAsync(outer);
        Assert.NotNull(await home.ReceiveAsync());
    }

    [Theory]
    [InlineData(PortChoice.Random)]
    [InlineData(PortChoice.RandomInBlock)]
    [InlineData(PortChoice.Sequential)]
    internal async Task Other_port_choices_give_each_destination_a_port_of_its_own(PortChoice choice)
    {
        NatRecipe recipe = new() { Ports = choice, Block = (30_000, 64) };
        NamespaceNat nat = _internet.AddNat(recipe);
        await using Probe home = new(_internet.AddHost(nat), 40_000);
        NamespaceHost server = _internet.AddPublicHost("server");
        List<int> ports = [];
        for (int i = 0; i < 3; i++)
        {
            await using Probe reflector = new(server);
            await home.SendAsync(reflector.EndPoint);
            ports.Add((await reflector.ReceiveAsync())!.Port);
        }

        Assert.Equal(3, ports.Distinct().Count());
        if (choice != PortChoice.Random) Assert.All(ports, port => Assert.InRange(port, 30_000, 30_063));
        if (choice == PortChoice.Sequential) Assert.Equal([ports[0], ports[0] + 1, ports[0] + 2], ports);
    }

    [Fact]
    public async Task A_NAT_with_several_addresses_and_random_ports_uses_more_than_one()
    {
        NamespaceNat nat = _internet.AddNat(NatRecipe.RandomPorts with { Addresses = 4 });
        await using Probe home = new(_internet.AddHost(nat), 40_000);
        NamespaceHost server = _internet.AddPublicHost("server", addresses: 8);
        await using Probe reflector = new(server, 7_000);
        HashSet<IPAddress> seen = [];
        foreach (IPAddress address in server.Addresses)
        {
            await home.SendAsync(new IPEndPoint(address, 7_000));
            seen.Add((await reflector.ReceiveAsync())!.Address);
        }

        Assert.InRange(seen.Count, 2, 4);
        Assert.Subset(nat.External.ToHashSet(), seen);
    }

    [Fact]
    public async Task The_peers_NAT_is_the_ninth_hop()
    {
        // home -> own NAT, three routers, the core, three routers, the peer's NAT.
        NamespaceNat near = _internet.AddNat(NatRecipe.PortRestricted);
        NamespaceNat far = _internet.AddNat(NatRecipe.FullCone);
        await using Probe home = new(_internet.AddHost(near), 40_000);
        await using Probe peer = new(_internet.AddHost(far), 40_000);
        await using Probe server = new(_internet.AddPublicHost("server"));
        await peer.SendAsync(server.EndPoint); // opens its NAT
        IPEndPoint outer = (await server.ReceiveAsync())!;

        await home.SendAsync(outer, hops: 9);
        Assert.Null(await peer.ReceiveAsync(Silence));
        await home.SendAsync(outer, hops: 10);
        Assert.Equal(new IPEndPoint(near.External[0], 40_000), await peer.ReceiveAsync());
    }

    [Fact]
    public async Task Two_NATs_in_series_translate_twice()
    {
        NamespaceNat carrier = _internet.AddNat(NatRecipe.PortRestricted, carrier: true);
        NamespaceNat nat = _internet.AddNat(NatRecipe.PortRestricted, behind: carrier);
        await using Probe home = new(_internet.AddHost(nat), 40_000);
        await using Probe server = new(_internet.AddPublicHost("server"));

        await home.SendAsync(server.EndPoint);

        Assert.StartsWith("100.64.", nat.External[0].ToString(), StringComparison.Ordinal);
        Assert.Equal(carrier.External[0], (await server.ReceiveAsync())!.Address);
    }

    [Fact]
    public void What_a_killed_run_left_behind_is_removed()
    {
        // No process has the largest number, so this name can only be a leftover.
        string leftover = $"plexus-{int.MaxValue}-1-core";
        SystemTool.Run(SystemTool.Prepare("ip", "netns", "add", leftover));
        using NamespaceInternet another = new();
        Assert.False(File.Exists($"/run/netns/{leftover}"));
    }
}
