using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Plexus.Protocols.Wormhole;

namespace Plexus.Tunnels;

/// <summary>Connects what the peer opens to the services that are exported.</summary>
internal sealed class ExportedServices(Carrier carrier, TunnelOptions options, TimeProvider clock, ILogger logger)
{
    private readonly HashSet<TunnelService> _down = [];

    public void OnOpened(MultiplexedConnection connection)
    {
        if (Find(connection) is not { } service)
        {
            TunnelLog.NoSuchService(logger, TunnelService.Describe(connection.Protocol, connection.Service));
            carrier.Refuse(connection, TunnelReason.NoSuchService, "");
        }
        else if (carrier.SideCount >= options.MaximumConnections)
        {
            carrier.Refuse(connection, TunnelReason.TooMany, "");
        }
        else if (service.Protocol == TunnelProtocol.Udp)
        {
            UdpServiceSide side = new(carrier, connection, service.ToString(), options.UdpIdle, logger);
            _ = ConnectAsync(service, connection, SocketType.Dgram, ProtocolType.Udp, side.Connected, side.GiveUp);
        }
        else
        {
            TcpSide side = new(carrier, connection, service.ToString(), logger);
            _ = ConnectAsync(service, connection, SocketType.Stream, ProtocolType.Tcp, side.Connected, side.GiveUp);
        }
    }

    /// <summary>A name must be exported as it is; without one it is the only service of the protocol.</summary>
    private TunnelService? Find(MultiplexedConnection connection)
    {
        TunnelService[] fitting = [.. options.Exports.Where(service => service.Protocol == connection.Protocol)];
        return fitting.FirstOrDefault(service => service.Name == connection.Service)
            ?? (connection.Service.Length == 0 && fitting.Length == 1 ? fitting[0] : null);
    }

    private async Task ConnectAsync(
        TunnelService service, MultiplexedConnection connection, SocketType type, ProtocolType protocol,
        Action<Socket> connected, Action giveUp)
    {
        (TunnelReason Reason, string Text) failure;
        try
        {
            using CancellationTokenSource limit = new(options.ConnectTimeout, clock);
            Socket socket = await ServiceAddress.ConnectAsync(service.EndPoint, type, protocol, limit.Token);
            NoteUp(service);
            carrier.Accept(connection);
            connected(socket);
            return;
        }
        catch (OperationCanceledException)
        {
            failure = (TunnelReason.TimedOut, "");
        }
        catch (SocketException e)
        {
            failure = (TunnelReason.Unreachable, ServiceAddress.ReasonOf(e.SocketErrorCode));
        }
        catch (Exception e)
        {
            failure = (TunnelReason.Unreachable, e.GetType().Name);
        }

        NoteDown(service, TunnelSentence.For(failure.Reason, failure.Text));
        carrier.Refuse(connection, failure.Reason, failure.Text);
        giveUp();
    }

    // A service that is down is told once, not for each client that tries.
    private void NoteDown(TunnelService service, string reason)
    {
        PlexusTelemetry.TunnelOpened(isRefused: true);
        lock (_down)
        {
            if (!_down.Add(service)) return;
        }

        TunnelLog.ServiceDown(logger, service.ToString(), reason);
    }

    private void NoteUp(TunnelService service)
    {
        PlexusTelemetry.TunnelOpened(isRefused: false);
        lock (_down)
        {
            if (!_down.Remove(service)) return;
        }

        TunnelLog.ServiceUp(logger, service.ToString());
    }
}
