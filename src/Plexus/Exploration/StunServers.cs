using System.Net;
using System.Net.Sockets;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>The STUN servers to ask: public ones unless the user names others.</summary>
public static class StunServers
{
    /// <summary>The port of a server whose name has none: the registered one.</summary>
    public const int DefaultPort = 3478;

    // One answer of the resolver is enough to begin; a name server that is down must not hold up the others.
    private static readonly TimeSpan ResolvingLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ResolvingGrace = TimeSpan.FromMilliseconds(500);

    /// <summary>Public servers of independent operators, asked when the user names none.</summary>
    public static IReadOnlyList<EndpointName> Default { get; } =
    [
        new("stun.l.google.com", 19302),
        new("stun.cloudflare.com", DefaultPort),
        new("stunserver2025.stunprotocol.org", DefaultPort), // Has a second address, so it can test the filtering.
        new("stun.nextcloud.com", 443),
    ];

    /// <summary>Reads a list such as <c>stun.example.org,192.0.2.1:3479</c>.</summary>
    /// <param name="text">Names parted by <c>,</c> or <c>;</c>; null or blank is <see cref="Default"/>.</param>
    /// <exception cref="PlexusException">An element is no server, stage <see cref="PlexusStage.Settings"/>.</exception>
    public static IReadOnlyList<EndpointName> Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return Default;
        if (!EndpointName.TryParseList(text, DefaultPort, out IReadOnlyList<EndpointName> names, out string? wrong))
            throw new PlexusException(PlexusStage.Settings, $"'{wrong}' is no STUN server: write host, host:port or [address]:port.");
        if (names.FirstOrDefault(n => n.Port == 0) is { } zero)
            throw new PlexusException(PlexusStage.Settings, $"'{zero}' is no STUN server: its port must be 1 to 65535.");
        return names.Count > 0 ? names : Default;
    }

    /// <summary>Looks all names up at once.</summary>
    /// <returns>One entry a name, in their order. Names that take half a second longer than the quickest are given up.</returns>
    internal static async Task<IReadOnlyList<StunServerAddress>> ResolveAsync(
        IReadOnlyList<EndpointName> names,
        AddressFamily family,
        IDatagramNetwork network,
        TimeProvider clock,
        CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource late = new(ResolvingLimit, clock);
        using CancellationTokenRegistration stopping = cancellationToken.Register(late.Cancel);
        StunServerAddress[] servers = await Task.WhenAll(names.Select(n => ResolveAsync(n, family, network, late)));
        cancellationToken.ThrowIfCancellationRequested();
        return servers;
    }

    private static async Task<StunServerAddress> ResolveAsync(
        EndpointName name, AddressFamily family, IDatagramNetwork network, CancellationTokenSource late)
    {
        try
        {
            IPEndPoint[] endpoints = await name.ResolveAsync(network, family, late.Token).WaitAsync(late.Token);
            if (endpoints.Length == 0)
                return new(name, null, $"it has no {(family == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4")} address");
            late.CancelAfter(ResolvingGrace);
            return new(name, endpoints[0], null);
        }
        catch (SocketException)
        {
            return new(name, null, "its name does not resolve");
        }
        catch (OperationCanceledException)
        {
            return new(name, null, "its name did not resolve in time");
        }
    }
}
