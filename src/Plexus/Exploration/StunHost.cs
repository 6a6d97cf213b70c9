using System.Net;
using System.Net.Sockets;
using Plexus.Protocols;
using Plexus.Protocols.Stun;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>A STUN server of one's own: over UDP and TCP, for one or both address families.</summary>
internal sealed class StunHost : IAsyncDisposable
{
    // A whole exploration is some ten requests; a carrier's NAT may send ten of them at once.
    private const int RequestsOfOneSource = 100;
    private const int RequestsOfAll = 8_192; // As many as a DHT node serves.

    // Documentation addresses: nothing is sent there, the route's own address is all that is asked for.
    private static readonly IPAddress SomewhereV4 = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress SomewhereV6 = IPAddress.Parse("2001:db8::1");

    private readonly List<StunUdpListener> _udp = [];
    private readonly List<StunTcpListener> _tcp = [];
    private readonly List<StunServer> _servers = [];

    private StunHost() { }

    /// <summary>The servers, one for each address family.</summary>
    public IReadOnlyList<StunServer> Servers => _servers;

    /// <summary>Connections that are open.</summary>
    public int Connections => _tcp.Sum(t => t.Connections);

    /// <summary>Binds all sockets.</summary>
    /// <param name="addresses">
    /// One or two addresses for each family; the second one makes it a server of RFC 5780. The any-address is told to
    /// clients as the address of the default route.
    /// </param>
    /// <param name="port">The port.</param>
    /// <param name="alternatePort">The second port; null without.</param>
    /// <param name="network">Where UDP sockets come from; TCP ones are the system's.</param>
    /// <param name="clock">For limits.</param>
    /// <param name="withTcp">Whether to serve TCP as well.</param>
    /// <exception cref="PlexusException">The addresses do not fit together, or one cannot be bound; stage settings.</exception>
    public static StunHost Open(
        IEnumerable<IPAddress> addresses,
        int port,
        int? alternatePort,
        IDatagramNetwork network,
        TimeProvider clock,
        bool withTcp = true)
    {
        StunHost host = new();
        try
        {
            foreach (IGrouping<AddressFamily, IPAddress> family in addresses.Distinct().GroupBy(a => a.AddressFamily))
                host.Add([.. family], port, alternatePort, network, clock, withTcp);
            return host;
        }
        catch (SocketException e)
        {
            host.Close();
            throw new PlexusException(PlexusStage.Settings, $"The server cannot listen: {e.Message}. Choose other addresses or ports.", e);
        }
        catch
        {
            host.Close();
            throw;
        }
    }

    /// <summary>Serves until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        _udp.Select(u => u.RunAsync(cancellationToken)).Concat(_tcp.Select(t => t.RunAsync(cancellationToken))));

    public async ValueTask DisposeAsync()
    {
        foreach (StunUdpListener listener in _udp) await listener.DisposeAsync();
        foreach (StunTcpListener listener in _tcp) listener.Dispose();
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static IPAddress Advertised(IPAddress address, IDatagramNetwork network)
    {
        if (!IsAny(address)) return address;
        bool isV6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        return network.LocalAddressTowards(isV6 ? SomewhereV6 : SomewhereV4) ?? (isV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback);
    }

    private void Add(
        IPAddress[] addresses, int port, int? alternatePort, IDatagramNetwork network, TimeProvider clock, bool withTcp)
    {
        if (addresses.Length > 2)
            throw new PlexusException(PlexusStage.Settings, "A STUN server has at most two addresses of a family.");
        if (addresses.Length == 2 && addresses.Any(IsAny))
            throw new PlexusException(PlexusStage.Settings, "With two addresses, neither can be the any-address: name both.");
        if (port == alternatePort)
            throw new PlexusException(PlexusStage.Settings, "The two ports must differ.");
        StunServerSockets sockets = new(Advertised(addresses[0], network), port, addresses.ElementAtOrDefault(1), alternatePort);
        RequestRateLimit limit = new(RequestsOfOneSource, RequestsOfAll);
        StunServer server = new(sockets, limit);
        IPAddress? bind = IsAny(addresses[0]) ? addresses[0] : null;
        _servers.Add(server);
        _udp.Add(new StunUdpListener(server, network, clock, bind));
        if (withTcp) _tcp.Add(new StunTcpListener(server, clock, bind));
    }

    private void Close()
    {
        foreach (StunUdpListener listener in _udp) listener.Close();
        foreach (StunTcpListener listener in _tcp) listener.Dispose();
    }
}
