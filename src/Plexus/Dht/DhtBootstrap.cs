using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>Looks up the bootstrap hosts, all at once, and again while nobody answers; watches for a change of the network.</summary>
internal sealed class DhtBootstrap(
    DhtNode node, IReadOnlyList<DhtFamily> families, DhtNodeOptions options, IDatagramNetwork network, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromSeconds(10); // As in OpenDHT.
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromMinutes(10); // A name may get another address at any time.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10); // How often status and addresses are looked at.
    private static readonly TimeSpan SavePeriod = TimeSpan.FromMinutes(10);

    private readonly NatGuess _guess = new(network, options.Bootstrap);
    private readonly HashSet<string> _unresolved = []; // Each name is complained about once.
    private readonly Signal _pause = new();
    private DhtStatus _status;

    /// <summary>The first round of looking up names is under way.</summary>
    public bool IsResolving { get; private set; } = true;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        long resolved = 0, saved = clock.GetTimestamp();
        TimeSpan period = ShortestPeriod;
        bool hasSaved = false;
        try
        {
            while (true)
            {
                bool hasMoved = FollowAddresses();
                if (node.Status is { } status && status != _status) DhtLog.StatusChanged(logger, _status = status);
                if (_status == DhtStatus.Connected) period = ShortestPeriod;
                if (IsResolving || hasMoved || (_status != DhtStatus.Connected && clock.GetElapsedTime(resolved) >= period))
                {
                    if (!IsResolving) period = period * 2 < LongestPeriod ? period * 2 : LongestPeriod;
                    resolved = clock.GetTimestamp();
                    await ResolveAllAsync(cancellationToken);
                }

                if (_status == DhtStatus.Connected && (!hasSaved || clock.GetElapsedTime(saved) >= SavePeriod))
                {
                    hasSaved = true;
                    saved = clock.GetTimestamp();
                    node.Save();
                }

                await _pause.WaitAsync(Look, clock, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }

    private async Task ResolveAllAsync(CancellationToken cancellationToken)
    {
        Task[] lookups = [.. options.Bootstrap.Select(name => ResolveAsync(name, cancellationToken))]; // All have begun here.
        foreach (Task lookup in lookups) await lookup;
        IsResolving = false;
    }

    private async Task ResolveAsync(EndpointName name, CancellationToken cancellationToken)
    {
        try
        {
            foreach (IPAddress address in await network.ResolveAsync(name.Host, cancellationToken)) Contact(name, new IPEndPoint(address, name.Port));
            _unresolved.Remove(name.Host);
        }
        catch (SocketException e)
        {
            if (_unresolved.Add(name.Host)) DhtLog.Unresolved(logger, name.Host, e.Message);
        }
    }

    private void Contact(EndpointName name, IPEndPoint endPoint)
    {
        foreach (DhtFamily family in families)
        {
            if (family.LocalEndPoint.AddressFamily != endPoint.AddressFamily) continue;
            DhtLog.Contacting(logger, name.Host, endPoint);
            family.Command((core, now) =>
            {
                core.Bootstrap(endPoint, now);
                return 0;
            });
        }
    }

    /// <summary>Tells the cores when the machine has come into another network.</summary>
    private bool FollowAddresses()
    {
        bool hasMoved = false;
        foreach (DhtFamily family in families)
        {
            IPAddress? address = _guess.LocalAddress(family.LocalEndPoint.AddressFamily);
            if (Equals(address, family.LocalAddress)) continue;
            family.LocalAddress = address;
            if (address is null) continue; // The line is down: what we know may be right when it comes back.
            hasMoved = true;
            DhtLog.AddressChanged(logger, address);
            family.Command((core, now) =>
            {
                core.ConnectivityChanged(now);
                return 0;
            });
        }

        return hasMoved;
    }
}
