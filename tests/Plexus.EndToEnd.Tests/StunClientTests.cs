using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.EndToEnd.Fixtures;
using Plexus.Exploration;
using Plexus.Lab.Namespaces;
using Plexus.Sockets;
using static Plexus.Protocols.Stun.NatDependency;

namespace Plexus.EndToEnd;

/// <summary>Our exploration through the kernel's NATs, against servers of others: coturn (RFC 5780) and stund (RFC 3489).</summary>
public sealed class StunClientTests : IDisposable
{
    private readonly NamespaceInternet _internet;

    public StunClientTests()
    {
        Kernel.IsNeeded();
        _internet = new NamespaceInternet();
    }

    public static TheoryData<string, string, string> Cases => new()
    {
        // Server, NAT, the firewall bits that must come out.
        { "coturn", "none", "01000000" },
        { "coturn", "port restricted", "10000011" },
        { "coturn", "full cone", "10000000" },
        { "coturn", "random ports", "10101111" },
        { "stund", "none", "01000000" },
        { "stund", "port restricted", "10000011" },
        { "stund", "full cone", "10000000" },
        { "stund", "random ports", "10101111" },
    };

    public void Dispose() => _internet?.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_kernels_NATs_are_recognised(string server, string nat, string bits)
    {
        if ((server == "coturn" ? CoturnProcess.WhyNot : StundProcess.WhyNot) is { } reason) Assert.Skip(reason);
        NamespaceHost outside = _internet.AddPublicHost("stun", addresses: 2);
        using ProgramRun running = await StartAsync(server, outside);
        NatReport report = await ExploreAsync(AddHome(nat), new EndpointName(outside.Address.ToString(), 3478));
        Assert.Equal(bits, report.Bits);
        Assert.NotEqual(Unknown, report.Behavior.Mapping);
        Assert.NotEqual(Unknown, report.Behavior.Filtering);
    }

    [Fact]
    public async Task Three_servers_of_different_make_agree()
    {
        if ((CoturnProcess.WhyNot ?? StundProcess.WhyNot) is { } reason) Assert.Skip(reason);
        NamespaceHost[] outside = [.. Enumerable.Range(0, 3).Select(_ => _internet.AddPublicHost("stun", addresses: 2))];
        using ProgramRun coturn = await StartAsync("coturn", outside[0]);
        using ProgramRun stund = await StartAsync("stund", outside[1]);
        await using StunHost ours = StunHost.Open(outside[2].Addresses, 3478, null, outside[2].Network, TimeProvider.System, withTcp: false);
        using CancellationTokenSource stop = new();
        Task serving = ours.RunAsync(stop.Token);
        NatReport report = await ExploreAsync(
            AddHome("port restricted"), [.. outside.Select(o => new EndpointName(o.Address.ToString(), 3478))]);
        Assert.All(report.Servers, s => Assert.Equal(report.Outer, s.Mapped));
        Assert.Equal(EndpointIndependent, report.Behavior.Mapping);
        await stop.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task Blocked_UDP_is_told_with_each_server()
    {
        NamespaceHost outside = _internet.AddPublicHost("stun");
        NamespaceHost home = _internet.AddHost(_internet.AddNat(new NatRecipe { BlocksUdp = true }));
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(
            () => ExploreAsync(home, new EndpointName(outside.Address.ToString(), 3478)));
        Assert.Equal(PlexusStage.Exploration, e.Stage);
        Assert.Contains("no answer within 4.6 s", e.Message, StringComparison.Ordinal);
    }

    private static async Task<ProgramRun> StartAsync(string server, NamespaceHost host)
    {
        if (server == "coturn")
        {
            CoturnProcess coturn = new(host);
            await coturn.ReadyAsync();
            return coturn;
        }

        StundProcess stund = new(host);
        await stund.ReadyAsync();
        return stund;
    }

    private static Task<NatReport> ExploreAsync(NamespaceHost home, params EndpointName[] servers) =>
        new NatExplorer(home.Network, TimeProvider.System, NullLogger.Instance).ExploreAsync(new(IPAddress.Any, 0), servers);

    private NamespaceHost AddHome(string nat) => nat switch
    {
        "port restricted" => _internet.AddHost(_internet.AddNat(NatRecipe.PortRestricted)),
        "full cone" => _internet.AddHost(_internet.AddNat(NatRecipe.FullCone)),
        "random ports" => _internet.AddHost(_internet.AddNat(NatRecipe.RandomPorts)),
        _ => _internet.AddPublicHost("pc"),
    };
}
