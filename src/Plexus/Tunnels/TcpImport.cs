using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Plexus.Protocols.Wormhole;

namespace Plexus.Tunnels;

/// <summary>A local TCP port whose clients are connected to a service of the peer.</summary>
internal sealed class TcpImport(TunnelService service, Socket listener) : IImport
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50); // After a failed accept; each further one doubles it.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(100); // Between looks for a free place.

    public TunnelService Service => service;

    public IPEndPoint LocalEndPoint => (IPEndPoint)listener.LocalEndPoint!;

    public async Task ServeAsync(Carrier carrier, TunnelOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        TimeSpan pause = FirstPause;
        bool isFailing = false;
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync(cancellationToken);
            }
            catch (SocketException e) when (!cancellationToken.IsCancellationRequested)
            {
                // Commonly no descriptor is free: that passes.
                if (!isFailing) TunnelLog.AcceptFailed(logger, LocalEndPoint.ToString(), ServiceAddress.ReasonOf(e.SocketErrorCode));
                isFailing = true;
                await Task.Delay(pause, clock, cancellationToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                continue;
            }

            if (isFailing) TunnelLog.AcceptsAgain(logger, LocalEndPoint.ToString());
            (isFailing, pause) = (false, FirstPause);
            try
            {
                await ConnectAsync(client, carrier, options, clock, logger, cancellationToken);
            }
            catch
            {
                client.Close(timeout: 0); // A reset: there is no tunnel any more.
                throw;
            }
        }
    }

    public void Dispose() => listener.Dispose();

    private async Task ConnectAsync(
        Socket client, Carrier carrier, TunnelOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        bool isTold = false;
        while (true)
        {
            if (carrier.SideCount < options.MaximumConnections && carrier.Open(TunnelProtocol.Tcp, service.Name) is { } connection)
            {
                TcpSide side = new(carrier, connection, NameOf(client), logger);
                TunnelLog.Connected(logger, side.Name);
                side.Connected(client);
                return;
            }

            if (!isTold) TunnelLog.Full(logger, options.MaximumConnections);
            isTold = true;
            await Task.Delay(FullPause, clock, cancellationToken);
        }
    }

    private string NameOf(Socket client)
    {
        try
        {
            return $"{client.RemoteEndPoint} to {TunnelService.Describe(TunnelProtocol.Tcp, service.Name)}";
        }
        catch (SocketException)
        {
            return $"a client to {TunnelService.Describe(TunnelProtocol.Tcp, service.Name)}"; // It has gone already.
        }
    }
}
