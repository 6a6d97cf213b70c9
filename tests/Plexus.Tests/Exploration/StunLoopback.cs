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
    private readonly StunUdpListener _udp;
    private readonly Task _serving;

    private StunLoopback(StunServer server, StunUdpListener udp, StunTcpListener tcp)
    {
        (Server, _udp, Tcp) = (server, udp, tcp);
        _serving = Task.WhenAll(udp.RunAsync(_stop.Token), tcp.RunAsync(_stop.Token));
    }

    public StunServer Server { get; }

    public StunTcpListener Tcp { get; }

    public IPEndPoint EndPoint => Server.Sockets[0];

    public EndpointName Name => new(EndPoint.Address.ToString(), EndPoint.Port);

    /// <summary>Two addresses of two ports each, or one socket.</summary>
    public static StunLoopback Start(string address = "127.0.0.1", string? alternateAddress = "127.0.0.2")
    {
        while (true)
        {
            int port = FreePort(address);
            StunServerSockets sockets = alternateAddress is null
                ? new(IPAddress.Parse(address), port)
                : new(IPAddress.Parse(address), port, IPAddress.Parse(alternateAddress), FreePort(address));
            StunServer server = new(sockets);
            try
            {
                return new(server, new(server, UdpNetwork.Instance, TimeProvider.System), new(server, TimeProvider.System));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody took the port meanwhile.
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
            {
                Assert.Skip($"This machine has no {alternateAddress ?? address}.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        await _udp.DisposeAsync();
        Tcp.Dispose();
        _stop.Dispose();
    }

    private static int FreePort(string address)
    {
        using Socket probe = new(SocketType.Dgram, ProtocolType.Udp);
        probe.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
