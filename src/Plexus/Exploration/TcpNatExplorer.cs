using System.Net;
using System.Net.Sockets;
using Plexus.Protocols;
using Plexus.Protocols.Stun;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>Finds out how the NATs map TCP connections; their filtering cannot be tested over TCP.</summary>
internal sealed class TcpNatExplorer(IDatagramNetwork network, TimeProvider clock)
{
    /// <summary>Asks all servers at once, each over a connection from one local port, and its other address after it.</summary>
    /// <param name="local">The local endpoint; a port of 0 is any free one.</param>
    /// <param name="servers">The servers, see <see cref="StunServers"/>.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="PlexusException">No server answered, or the local endpoint cannot be used.</exception>
    public async Task<NatReport> ExploreAsync(
        IPEndPoint local, IReadOnlyList<EndpointName> servers, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<StunServerAddress> addresses =
            await StunServers.ResolveAsync(servers, local.AddressFamily, network, clock, cancellationToken);
        using Socket reservation = Reserve(local);
        IPEndPoint bound = (IPEndPoint)reservation.LocalEndPoint!;
        List<MappingObservation> observations = [];
        ServerReport[] reports = await Task.WhenAll(addresses.Select(a => AskAsync(bound, a, observations, cancellationToken)));
        if (MappingVerdict.Of(observations) is not { Mapped: { } outer } verdict) throw StunFailures.NobodyAnswered(reports);
        IPEndPoint inner = InnerEndPoint.Of(network, bound, observations[0].Server.Address);
        NatBehavior behavior = new(
            !inner.Equals(outer), null, inner.Port != outer.Port, verdict.AddressVaries, verdict.Mapping, NatDependency.Unknown);
        return new NatReport(inner, outer, behavior, reports);
    }

    private static Socket Reserve(IPEndPoint local)
    {
        try
        {
            return StunTcpClient.Bind(local);
        }
        catch (SocketException e)
        {
            throw new PlexusException(
                PlexusStage.Settings, $"The local endpoint {local} cannot be used: {e.Message}. Choose another address or port.", e);
        }
    }

    private async Task<ServerReport> AskAsync(
        IPEndPoint local, StunServerAddress server, List<MappingObservation> observations, CancellationToken cancellationToken)
    {
        if (server.EndPoint is not { } endpoint) return new(server.Name, null, null, null, server.Failure);
        StunTcpClient client = new(clock);
        long start = clock.GetTimestamp();
        (BindingAnswer? answer, TimeSpan roundTrip, string? failure) = await client.AskAsync(local, endpoint, cancellationToken);
        if (answer is null) return new(server.Name, endpoint, null, null, failure);
        Observe(endpoint, answer, isAlternate: false);
        if (answer.Other is { } other && StunDestination.IsUsable(other, local.AddressFamily) && !other.Equals(endpoint))
        {
            (BindingAnswer? second, _, _) = await client.AskAsync(local, other, cancellationToken);
            if (second is not null) Observe(other, second, isAlternate: true);
        }

        return new(server.Name, endpoint, answer.Mapped, roundTrip, null);

        void Observe(IPEndPoint from, BindingAnswer what, bool isAlternate)
        {
            MappingObservation observation = new(
                from, what.Mapped!, new Instant(clock.GetElapsedTime(start)), roundTrip, isAlternate);
            lock (observations) observations.Add(observation);
        }
    }
}
