using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Plexus.Protocols.Stun;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>Asks STUN servers what the world sees of a socket, and how the NATs before it behave.</summary>
internal sealed partial class NatExplorer(IDatagramNetwork network, TimeProvider clock, ILogger logger)
{
    /// <summary>Begins to explore the socket of a pump: first <see cref="RunningExploration.OuterAsync"/>, then keep or settle.</summary>
    /// <param name="pump">The pump; it stays the caller's.</param>
    /// <param name="servers">The servers, see <see cref="StunServers"/>.</param>
    /// <param name="cancellationToken">Stops looking up the servers' names.</param>
    /// <exception cref="PlexusException">No server's name resolves, stage <see cref="PlexusStage.Exploration"/>.</exception>
    public async Task<RunningExploration> StartAsync(
        DatagramPump pump, IReadOnlyList<EndpointName> servers, CancellationToken cancellationToken = default)
    {
        IPEndPoint bound = pump.Socket.LocalEndPoint;
        IReadOnlyList<StunServerAddress> addresses =
            await StunServers.ResolveAsync(servers, bound.AddressFamily, network, clock, cancellationToken);
        IPEndPoint[] endpoints = [.. addresses.Where(a => a.EndPoint is not null).Select(a => a.EndPoint!)];
        if (endpoints.Length == 0)
            throw StunFailures.NobodyAnswered(addresses.Select(a => new ServerReport(a.Name, null, null, null, a.Failure)));
        MappingDiscovery discovery = new(
            InnerEndPoint.Of(network, bound, endpoints[0].Address), endpoints, RandomNumberGenerator.Fill, pump.Now);
        Started(bound, endpoints.Length);
        return new RunningExploration(pump, discovery, addresses);
    }

    /// <summary>The whole exploration: mapping, filtering and hairpin, at most about 1.5 s after the first answer.</summary>
    /// <param name="local">The local endpoint; its address chooses the family. A port of 0 is any free one.</param>
    /// <param name="servers">The servers, see <see cref="StunServers"/>.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="PlexusException">No server answered, or the local endpoint cannot be used.</exception>
    public async Task<NatReport> ExploreAsync(
        IPEndPoint local, IReadOnlyList<EndpointName> servers, CancellationToken cancellationToken = default)
    {
        await using DatagramPump pump = new(Open(local), clock);
        RunningExploration exploration = await StartAsync(pump, servers, cancellationToken);
        MappingDiscovery discovery = exploration.Discovery;
        await pump.RunAsync(discovery, d => d.OtherAddress is not null || d.IsSettled, cancellationToken);
        Task<NatDependency> filtering = DiscoverFilteringAsync(local.Address, discovery.OtherAddress, cancellationToken);
        try
        {
            await exploration.SettleAsync(cancellationToken);
        }
        finally
        {
            await filtering; // Ends by itself, or with the same token.
        }

        NatBehavior behavior = discovery.Behavior(await filtering);
        NatReport report = new(discovery.Inner, discovery.Mapped!, behavior, exploration.Servers);
        Explored(report.Inner, report.Outer, report.Bits, discovery.Ignored, discovery.Misdirected);
        return report;
    }

    private async Task<NatDependency> DiscoverFilteringAsync(
        IPAddress local, (IPEndPoint Server, IPEndPoint Other)? test, CancellationToken cancellationToken)
    {
        if (test is not { } known) return NatDependency.Unknown; // No server has a second address.
        await using DatagramPump pump = new(Open(new IPEndPoint(local, 0)), clock);
        FilteringDiscovery discovery = new(known.Server, known.Other, RandomNumberGenerator.Fill, pump.Now);
        await pump.RunAsync(discovery, d => d.IsComplete, cancellationToken);
        return discovery.Filtering;
    }

    private IDatagramSocket Open(IPEndPoint local)
    {
        try
        {
            return network.Open(local);
        }
        catch (SocketException e)
        {
            throw new PlexusException(
                PlexusStage.Settings, $"The local endpoint {local} cannot be used: {e.Message}. Choose another address or port.", e);
        }
    }

    [LoggerMessage(200, LogLevel.Debug, "Exploring {Local} with {Count} STUN servers")]
    private partial void Started(IPEndPoint local, int count);

    [LoggerMessage(201, LogLevel.Information, "Explored {Inner}: the world sees {Outer}, NAT {Bits}; {Ignored} foreign and {Misdirected} misdirected datagrams")]
    private partial void Explored(IPEndPoint inner, IPEndPoint outer, string bits, int ignored, int misdirected);
}
