using System.Net;
using Plexus.Protocols.Stun;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>The exploration of one socket while it waits to be used: tells its outer endpoint and keeps the mapping alive.</summary>
/// <remarks>
/// Nothing happens by itself: the pump runs while one of the methods is awaited. They are awaited one after another,
/// and then the pump goes on to the next core. The answers of servers still open are foreign to that core, which
/// ignores them.
/// </remarks>
internal sealed class RunningExploration(DatagramPump pump, MappingDiscovery discovery, IReadOnlyList<StunServerAddress> servers)
{
    /// <summary>The core: what is known so far. Its observations are to be read under a lock on it while the pump runs.</summary>
    public MappingDiscovery Discovery => discovery;

    /// <summary>What each server said so far.</summary>
    public IReadOnlyList<ServerReport> Servers
    {
        get
        {
            lock (discovery)
            {
                return [.. servers.Select(Report)];
            }
        }
    }

    /// <summary>Waits for the outer endpoint: the first answer, and at most a tenth of a second for its confirmation.</summary>
    /// <exception cref="PlexusException">No server answered; the message names each of them and its reason.</exception>
    public async Task<IPEndPoint> OuterAsync(CancellationToken cancellationToken = default)
    {
        await pump.RunAsync(discovery, d => d.IsConfirmed || d.HasFailed, cancellationToken);
        return discovery.Mapped ?? throw StunFailures.NobodyAnswered(Servers);
    }

    /// <summary>Goes on asking, so that the NAT keeps the mapping, until cancelled.</summary>
    /// <param name="moved">Told of the new outer endpoint when the NAT has changed it.</param>
    /// <param name="cancellationToken">Ends it, always with an <see cref="OperationCanceledException"/>.</param>
    public async Task KeepAsync(Action<IPEndPoint>? moved, CancellationToken cancellationToken)
    {
        while (true)
        {
            int known = discovery.Revision;
            await pump.RunAsync(discovery, d => d.Revision != known, cancellationToken);
            moved?.Invoke(discovery.Mapped!);
        }
    }

    /// <summary>Waits until no server and no test is worth waiting for, 1.5 s after the first answer at the latest.</summary>
    /// <exception cref="PlexusException">No server answered.</exception>
    public async Task SettleAsync(CancellationToken cancellationToken = default)
    {
        await pump.RunAsync(discovery, d => d.IsSettled, cancellationToken);
        if (discovery.Mapped is null) throw StunFailures.NobodyAnswered(Servers);
    }

    private ServerReport Report(StunServerAddress server)
    {
        MappingTarget? target = discovery.Servers.FirstOrDefault(t => t.EndPoint.Equals(server.EndPoint));
        return new ServerReport(
            server.Name,
            server.EndPoint,
            target?.Observation?.Mapped,
            target?.Observation?.RoundTrip,
            server.Failure ?? target?.Failure);
    }
}
