using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Plexus.Exploration;
using Plexus.Protocols.Stun;
using Plexus.Sockets;
using static Plexus.Protocols.Stun.NatDependency;

namespace Plexus.Tests.Exploration;

public sealed class NatExplorerTests
{
    private static readonly IPEndPoint AnyLoopback = new(IPAddress.Loopback, 0);

    private readonly NatExplorer _explorer = new(UdpNetwork.Instance, TimeProvider.System, NullLogger.Instance);

    [Fact]
    public async Task Loopback_has_no_NAT_and_no_filter()
    {
        await using StunLoopback first = StunLoopback.Start();
        await using StunLoopback second = StunLoopback.Start("127.0.0.3", null);
        NatReport report = await _explorer.ExploreAsync(AnyLoopback, [first.Name, second.Name]);
        Assert.Equal(report.Inner, report.Outer);
        Assert.Equal(new NatBehavior(false, true, false, false, EndpointIndependent, EndpointIndependent), report.Behavior);
        Assert.Equal("01000000", report.Bits);
        Assert.All(report.Servers, s => Assert.Equal((report.Outer, null), (s.Mapped, s.Failure)));
        Assert.Equal("No NAT and no firewall: every peer can connect.", report.Summary);
    }

    [Fact]
    public async Task The_any_address_is_replaced_by_the_one_towards_the_servers()
    {
        await using StunLoopback server = StunLoopback.Start(alternateAddress: null);
        NatReport report = await _explorer.ExploreAsync(new IPEndPoint(IPAddress.Any, 0), [server.Name]);
        Assert.Equal(IPAddress.Loopback, report.Inner.Address);
        Assert.False(report.Behavior.BehindNat);
        Assert.Equal(Unknown, report.Behavior.Mapping); // One plain server cannot tell.
    }

    [Fact]
    public async Task IPv6_is_explored_as_well()
    {
        if (!Socket.OSSupportsIPv6) Assert.Skip("This machine has no IPv6.");
        await using StunLoopback server = StunLoopback.Start("::1", null);
        NatReport report = await _explorer.ExploreAsync(new IPEndPoint(IPAddress.IPv6Loopback, 0), [server.Name]);
        Assert.Equal(report.Inner, report.Outer);
    }

    [Fact]
    public async Task One_socket_goes_on_after_its_outer_endpoint_is_known()
    {
        await using StunLoopback server = StunLoopback.Start(alternateAddress: null);
        FakeTimeProvider clock = new();
        await using DatagramPump pump = new(UdpNetwork.Instance.Open(AnyLoopback), clock);
        RunningExploration exploration = await new NatExplorer(UdpNetwork.Instance, clock, NullLogger.Instance)
            .StartAsync(pump, [server.Name]);
        Assert.Equal(pump.Socket.LocalEndPoint, await exploration.OuterAsync());
        using CancellationTokenSource stop = new();
        Task keeping = exploration.KeepAsync(null, stop.Token);
        clock.Advance(TimeSpan.FromSeconds(19));
        await Task.Yield();
        Assert.Equal(1, server.Server.Answered);
        clock.Advance(TimeSpan.FromSeconds(1));
        while (server.Server.Answered < 2) await Task.Yield(); // On its way through the loopback.
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => keeping);
    }

    [Fact]
    public async Task When_nobody_answers_each_server_and_its_reason_are_told()
    {
        NamedNetwork network = new(host => IPAddress.TryParse(host, out IPAddress? address)
            ? Task.FromResult<IPAddress[]>([address]) : Task.FromException<IPAddress[]>(NamedNetwork.NoSuchHost));
        using Socket refusing = new(SocketType.Dgram, ProtocolType.Udp);
        refusing.Bind(AnyLoopback);
        int port = ((IPEndPoint)refusing.LocalEndPoint!).Port;
        Task serving = RefuseAsync(refusing);
        NatExplorer explorer = new(network, TimeProvider.System, NullLogger.Instance);
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(
            () => explorer.ExploreAsync(AnyLoopback, [new("unknown.example", 3478), new("127.0.0.1", port)]));
        await serving;
        Assert.Equal(PlexusStage.Exploration, e.Stage);
        Assert.Equal(
            "No STUN server answered: unknown.example:3478: its name does not resolve; "
            + $"127.0.0.1:{port}: it refused with error 500 Server Error. "
            + "Check the network connection, or name another server with --stun-server.",
            e.Message);
    }

    [Fact]
    public async Task A_taken_endpoint_is_a_matter_of_settings()
    {
        await using StunLoopback server = StunLoopback.Start(alternateAddress: null);
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(
            () => _explorer.ExploreAsync(server.EndPoint, [server.Name]));
        Assert.Equal(PlexusStage.Settings, e.Stage);
    }

    [Fact]
    public async Task TCP_is_explored_from_one_port_over_several_connections()
    {
        await using StunLoopback first = StunLoopback.Start();
        await using StunLoopback second = StunLoopback.Start("127.0.0.3", null);
        NatReport report = await new TcpNatExplorer(UdpNetwork.Instance, TimeProvider.System)
            .ExploreAsync(AnyLoopback, [first.Name, second.Name]);
        Assert.Equal(report.Inner, report.Outer);
        Assert.Equal((EndpointIndependent, Unknown), (report.Behavior.Mapping, report.Behavior.Filtering));
        Assert.Equal(3, first.Server.Answered + second.Server.Answered); // The second address as well.
    }

    [Fact]
    public async Task TCP_failures_are_told_as_well()
    {
        using Socket closed = new(SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(AnyLoopback);
        EndpointName dead = new("127.0.0.1", ((IPEndPoint)closed.LocalEndPoint!).Port);
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(
            () => new TcpNatExplorer(UdpNetwork.Instance, TimeProvider.System).ExploreAsync(AnyLoopback, [dead]));
        Assert.Contains("no connection", e.Message, StringComparison.Ordinal);
    }

    private static async Task RefuseAsync(Socket socket)
    {
        byte[] buffer = new byte[200];
        SocketReceiveFromResult received = await socket.ReceiveFromAsync(buffer, AnyLoopback);
        StunWriter writer = new(buffer, StunMessageType.BindingError, StunTransactionId.Read(buffer.AsSpan(4)));
        writer.AddErrorCode(500, "Server Error");
        int length = writer.Length;
        await socket.SendToAsync(buffer.AsMemory(0, length), received.RemoteEndPoint);
    }
}
