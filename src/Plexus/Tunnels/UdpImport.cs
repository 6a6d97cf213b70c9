using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Plexus.Protocols.Wormhole;

namespace Plexus.Tunnels;

/// <summary>A local UDP port whose datagrams go to a service of the peer: a flow for each client.</summary>
internal sealed class UdpImport(TunnelService service, Socket socket) : IImport
{
    private const int LargestDatagram = 65_507;

    private readonly Dictionary<SocketAddress, ClientSide> _flows = [];

    public TunnelService Service => service;

    public IPEndPoint LocalEndPoint => (IPEndPoint)socket.LocalEndPoint!;

    public async Task ServeAsync(Carrier carrier, TunnelOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        socket.Blocking = false;
        byte[] buffer = new byte[LargestDatagram];
        SocketAddress from = new(socket.AddressFamily);
        while (true)
        {
            int count;
            try
            {
                count = await socket.ReceiveFromAsync(buffer, SocketFlags.None, from, cancellationToken);
            }
            catch (SocketException)
            {
                continue; // A client has gone: the error of an earlier datagram.
            }

            FlowOf(from, carrier, options, logger)?.Take(buffer.AsSpan(0, count));
        }
    }

    public void Dispose() => socket.Dispose();

    private ClientSide? FlowOf(SocketAddress from, Carrier carrier, TunnelOptions options, ILogger logger)
    {
        lock (_flows)
        {
            if (_flows.TryGetValue(from, out ClientSide? known)) return known;
        }

        if (carrier.SideCount >= options.MaximumConnections || carrier.Open(TunnelProtocol.Udp, service.Name) is not { } connection)
        {
            carrier.CountDropped();
            return null;
        }

        SocketAddress client = new(from.Family, from.Size);
        from.Buffer[..from.Size].CopyTo(client.Buffer);
        ClientSide side = new(this, client, carrier, connection, options.UdpIdle, logger);
        lock (_flows) _flows[client] = side;
        return side;
    }

    private sealed class ClientSide(
        UdpImport import, SocketAddress client, Carrier carrier, MultiplexedConnection connection, TimeSpan idle, ILogger logger)
        : UdpSide(carrier, connection, idle)
    {
        public void Take(ReadOnlySpan<byte> datagram) => Send(datagram);

        public override void Abort(TunnelReason reason, string text)
        {
            if (reason != TunnelReason.Idle)
            {
                string name = $"a client of {TunnelService.Describe(TunnelProtocol.Udp, import.Service.Name)}";
                TunnelLog.NotConnected(logger, LogLevel.Warning, name, TunnelSentence.For(reason, text));
            }

            base.Abort(reason, text);
        }

        protected override bool TryPass(ReadOnlySpan<byte> datagram)
        {
            try
            {
                import.Send(datagram, client);
                return true;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false; // Its buffer is full, or the client has gone.
            }
        }

        protected override void OnClose() => import.Forget(client, this);
    }

    private void Send(ReadOnlySpan<byte> datagram, SocketAddress to) => socket.SendTo(datagram, SocketFlags.None, to);

    private void Forget(SocketAddress client, ClientSide side)
    {
        lock (_flows)
        {
            if (_flows.GetValueOrDefault(client) == side) _flows.Remove(client);
        }
    }
}
