using System.Net;
using System.Net.Sockets;
using Plexus.Exploration;
using Plexus.Protocols.Stun;
using Plexus.Sockets;

namespace Plexus.Tests.Exploration;

/// <summary>Our STUN server on loopback addresses, over UDP and TCP, while a test runs.</summary>
internal sealed class StunLoopback : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly StunHost _host;
    private readonly Task _serving;

    private StunLoopback(StunHost host)
    {
        _host = host;
        _serving = host.RunAsync(_stop.Token);
    }

    public StunServer Server => _host.Servers[0];

    public int Connections => _host.Connections;

    public IPEndPoint EndPoint => Server.Sockets[0];

    public EndpointName Name => new(EndPoint.Address.ToString(), EndPoint.Port);

    /// <summary>Two addresses of two ports each, or one of two ports.</summary>
    public static StunLoopback Start(string address = "127.0.0.1", string? alternateAddress = "127.0.0.2")
    {
        IPAddress[] addresses = [.. new[] { address, alternateAddress }.OfType<string>().Select(IPAddress.Parse)];
        while (true)
        {
            try
            {
                return new(StunHost.Open(addresses, FreePort(addresses[0]), FreePort(addresses[0]), UdpNetwork.Instance, TimeProvider.System));
            }
            catch (PlexusException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                // Somebody took a port meanwhile.
            }
            catch (PlexusException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AddressNotAvailable })
            {
                Assert.Skip($"This machine lacks one of {string.Join<IPAddress>(", ", addresses)}.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        await _host.DisposeAsync();
        _stop.Dispose();
    }

    private static int FreePort(IPAddress address)
    {
        using Socket probe = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        probe.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
