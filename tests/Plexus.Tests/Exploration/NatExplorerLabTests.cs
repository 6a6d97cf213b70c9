using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Exploration;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Protocols.Stun;
using Plexus.Sockets;
using static Plexus.Protocols.Stun.NatDependency;

namespace Plexus.Tests.Exploration;

public sealed class NatExplorerLabTests
{
    private static readonly EndpointName[] BothServers = [new("stun.one.example", 3478), new("stun.two.example", 3478)];

    public static TheoryData<NatDependency, NatDependency> Matrix
    {
        get
        {
            NatDependency[] classes = [EndpointIndependent, AddressDependent, AddressAndPortDependent];
            TheoryData<NatDependency, NatDependency> matrix = [];
            foreach (NatDependency mapping in classes)
            {
                foreach (NatDependency filtering in classes) matrix.Add(mapping, filtering);
            }

            return matrix;
        }
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public void Every_kind_of_NAT_is_recognised_within_two_seconds(NatDependency mapping, NatDependency filtering)
    {
        using Internet internet = new();
        LabNat nat = internet.AddNat("nat", new NatProfile(mapping, filtering), "203.0.113.20");
        LabHost home = nat.AddHost("home", "192.168.1.2");
        NatReport report = Explore(internet, home, BothServers);
        Assert.Equal((mapping, filtering), (report.Behavior.Mapping, report.Behavior.Filtering));
        Assert.Equal(home.Address, report.Inner.Address);
        Assert.Contains(report.Outer, nat.OuterOf(report.Inner));
        Assert.True(internet.Now < TimeSpan.FromSeconds(2), $"It took {internet.Now}.");
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    [Theory]
    [InlineData(HairpinBehavior.None, false)]
    [InlineData(HairpinBehavior.ExternalSource, true)]
    [InlineData(HairpinBehavior.InternalSource, true)]
    internal void A_hairpin_is_recognised_whichever_source_it_shows(HairpinBehavior behavior, bool hairpins)
    {
        using Internet internet = new();
        LabNat nat = internet.AddNat("nat", NatProfile.FullCone with { Hairpin = behavior }, "203.0.113.20");
        Assert.Equal(hairpins, Explore(internet, nat.AddHost("home", "192.168.1.2"), BothServers).Behavior.Hairpin);
    }

    [Fact]
    public void Without_a_NAT_the_report_says_so()
    {
        using Internet internet = new();
        NatReport report = Explore(internet, internet.AddHost("open", "2.0.0.2"), BothServers);
        Assert.Equal(report.Inner, report.Outer);
        Assert.Equal("01000000", report.Bits);
    }

    [Fact]
    public void Lines_that_lose_every_third_datagram_are_explored_as_well()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            using Internet internet = new(seed);
            LabNat nat = internet.AddNat("nat", NatProfile.PortRestricted, "203.0.113.20");
            LabHost home = nat.AddHost("home", "192.168.1.2", LabLink.Lan with { Loss = 0.3 });
            NatReport report = Explore(internet, home, BothServers);
            Assert.Equal(new IPEndPoint(IPAddress.Parse("203.0.113.20"), report.Inner.Port), report.Outer);
            Assert.True(internet.Now < TimeSpan.FromSeconds(7), $"Seed {seed} took {internet.Now}.");
        }
    }

    [Fact]
    public void A_dead_server_costs_a_second_and_a_half_and_dead_ones_alone_cost_4_6_seconds()
    {
        using Internet internet = new();
        LabHost home = internet.AddNat("nat", NatProfile.FullCone, "203.0.113.20").AddHost("home", "192.168.1.2");
        internet.AddHost("dead", "198.51.100.99");
        EndpointName dead = new("198.51.100.99", 3478);
        NatReport report = Explore(internet, home, [dead, .. BothServers]);
        Assert.Null(report.Servers[0].Mapped);
        Assert.Equal(EndpointIndependent, report.Behavior.Mapping);
        Assert.InRange(internet.Now.TotalSeconds, 1.5, 1.6);

        TimeSpan start = internet.Now;
        PlexusException e = Assert.Throws<PlexusException>(() => internet.Run(
            () => Explorer(internet, home).ExploreAsync(new(IPAddress.Any, 0), [dead]), TimeSpan.FromMinutes(1)));
        Assert.Equal("No STUN server answered: 198.51.100.99:3478: no answer within 4.6 s. "
            + "Check the network connection, or name another server with --stun-server.", e.Message);
        Assert.Equal(4.6, (internet.Now - start).TotalSeconds, 0.01);
    }

    [Fact]
    public void A_mapping_outlives_any_wait_and_a_new_one_is_told()
    {
        using Internet internet = new();
        LabNat nat = internet.AddNat(
            "nat", NatProfile.PortRestricted with { IdleLifetime = TimeSpan.FromSeconds(30), InboundRefreshes = false, Allocation = PortAllocation.Random },
            "203.0.113.20");
        LabHost home = nat.AddHost("home", "192.168.1.2");
        Serve(internet);
        List<IPEndPoint> moves = [];
        internet.Run(async () =>
        {
            await using DatagramPump pump = new(home.Open(new(IPAddress.Any, 0)), internet.Clock);
            RunningExploration exploration = await Explorer(internet, home).StartAsync(pump, BothServers);
            IPEndPoint outer = await exploration.OuterAsync();
            using CancellationTokenSource stop = new(TimeSpan.FromMinutes(10), internet.Clock);
            Task keeping = exploration.KeepAsync(moves.Add, stop.Token);
            await Task.Delay(TimeSpan.FromMinutes(9), internet.Clock);
            Assert.Equal([outer], nat.OuterOf(new(home.Address, pump.Socket.LocalEndPoint.Port)));
            Assert.Empty(moves);
            nat.Restart();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => keeping);
            Assert.Equal(exploration.Discovery.Mapped, Assert.Single(moves));
            Assert.NotEqual(outer, moves[0]);
        }, TimeSpan.FromMinutes(20));
    }

    private static NatReport Explore(Internet internet, LabHost home, IReadOnlyList<EndpointName> servers)
    {
        Serve(internet);
        return internet.Run(() => Explorer(internet, home).ExploreAsync(new(IPAddress.Any, 0), servers), TimeSpan.FromMinutes(1));
    }

    private static NatExplorer Explorer(Internet internet, LabHost home) => new(home, internet.Clock, NullLogger.Instance);

    // Two operators; each has two addresses and two ports.
    private static void Serve(Internet internet)
    {
        foreach ((string name, int at) in new[] { ("stun.one.example", 10), ("stun.two.example", 20) })
        {
            LabHost first = internet.AddHost(name, $"198.51.100.{at}");
            LabHost second = internet.AddHost(name + " alternate", $"198.51.100.{at + 1}");
            StunServer server = new(new(first.Address, 3478, second.Address, 3479));
            StunUdpListener listener = new(server, new TwoAddressNetwork(first, second), internet.Clock);
            internet.Names[name] = [first.Address];
            Task serving = Task.CompletedTask;
            internet.Run(() =>
            {
                serving = listener.RunAsync(CancellationToken.None);
                return Task.CompletedTask;
            }, TimeSpan.FromSeconds(1));
            Assert.False(serving.IsCompleted);
        }
    }
}
