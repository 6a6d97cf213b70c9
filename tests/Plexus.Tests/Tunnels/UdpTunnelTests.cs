using System.Net;
using System.Net.Sockets;

namespace Plexus.Tests.Tunnels;

/// <summary>UDP services through a tunnel.</summary>
public sealed class UdpTunnelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Datagrams_of_several_clients_go_to_a_service_and_back_to_each()
    {
        using Socket service = Bind();
        _ = EchoAsync(service);
        await using TunnelPair pair = await TunnelPair.OpenAsync(false, [$"dns=udp:{service.LocalEndPoint}"], ["dns=udp:127.0.0.1:0"]);
        Socket[] clients = [Bind(), Bind(), Bind()];
        for (int round = 0; round < 5; round++)
        {
            for (int i = 0; i < clients.Length; i++)
            {
                byte[] datagram = Wire.Bytes(round == 4 ? 60_000 : 1 + (100 * i) + round, i);
                await clients[i].SendToAsync(datagram, pair.Port);
                byte[] back = new byte[65_536];
                int count = await clients[i].ReceiveAsync(back).WaitAsync(Patience);
                Assert.Equal(datagram, back[..count]);
            }
        }

        Assert.Equal((3, 3L), (pair.Exporter.Report.Connections, pair.Exporter.Report.Opened));
        foreach (Socket client in clients) client.Dispose();
    }

    [Fact]
    public async Task A_flow_that_is_silent_is_forgotten_and_begins_anew()
    {
        using Socket service = Bind(), client = Bind();
        _ = EchoAsync(service);
        await using TunnelPair pair = await TunnelPair.OpenAsync(
            false, [$"udp:{service.LocalEndPoint}"], ["udp:127.0.0.1:0"], with: options => options with { UdpIdle = TimeSpan.FromSeconds(1) });
        for (int i = 1; i <= 2; i++)
        {
            await client.SendToAsync(new byte[3], pair.Port);
            await client.ReceiveAsync(new byte[10]).WaitAsync(Patience);
            await TunnelTests.UntilAsync(() => pair.Importer.Report.Connections + pair.Exporter.Report.Connections == 0);
            Assert.Equal(i, pair.Exporter.Report.Opened);
        }
    }

    [Fact]
    public async Task A_flood_is_dropped_and_delays_no_connection()
    {
        using Socket service = Bind(), client = Bind();
        using Service echo = Service.Echo();
        await using TunnelPair pair = await TunnelPair.OpenAsync(
            false, [$"udp:{service.LocalEndPoint}", $"{echo.EndPoint}"], ["udp:127.0.0.1:0", "127.0.0.1:0"]);
        using Socket tcp = await Wire.ConnectAsync(pair.Ports[1]);
        byte[] datagram = new byte[60_000];
        for (int i = 0; i < 300; i++)
        {
            await client.SendToAsync(datagram, pair.Ports[0]);
            if (i % 50 == 0) await TunnelTests.EchoAsync(tcp, Wire.Bytes(1000)).WaitAsync(Patience);
        }
    }

    private static Socket Bind()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static async Task EchoAsync(Socket service)
    {
        byte[] buffer = new byte[65_536];
        try
        {
            while (true)
            {
                SocketReceiveFromResult received = await service.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                await service.SendToAsync(buffer.AsMemory(0, received.ReceivedBytes), received.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }
}
