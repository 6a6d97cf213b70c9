using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Plexus.Protocols.Wormhole;

namespace Plexus.Tunnels;

/// <summary>The local ports of everything that is imported, bound before there is a tunnel: a port in use shows at once, and early clients wait.</summary>
internal sealed class ImportPorts : IDisposable
{
    private const int Backlog = 512; // Clients that have connected and wait for the tunnel.

    private readonly List<IImport> _imports = [];
    private int _isServing;

    private ImportPorts() { }

    public IReadOnlyList<IImport> Imports => _imports;

    /// <exception cref="PlexusException">A port cannot be bound; the message names it.</exception>
    public static async Task<ImportPorts> BindAsync(IEnumerable<TunnelService> services, CancellationToken cancellationToken = default)
    {
        ImportPorts ports = new();
        try
        {
            foreach (TunnelService service in services)
            {
                bool isTcp = service.Protocol == TunnelProtocol.Tcp;
                Socket socket = await ServiceAddress.BindAsync(
                    service.EndPoint, isTcp ? SocketType.Stream : SocketType.Dgram, isTcp ? ProtocolType.Tcp : ProtocolType.Udp, cancellationToken);
                ports._imports.Add(isTcp ? new TcpImport(service, socket) : new UdpImport(service, socket));
                if (isTcp) socket.Listen(Backlog);
            }

            return ports;
        }
        catch
        {
            ports.Dispose();
            throw;
        }
    }

    /// <summary>Lets a tunnel have the clients until cancelled. One tunnel at a time.</summary>
    /// <returns>False if another tunnel has them.</returns>
    public bool TryServe(
        Carrier carrier, TunnelOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken, out Task ended)
    {
        ended = Task.CompletedTask;
        if (_imports.Count == 0) return true;
        if (Interlocked.Exchange(ref _isServing, 1) != 0) return false;
        ended = ServeAsync(carrier, options, clock, logger, cancellationToken);
        return true;
    }

    public void Dispose()
    {
        foreach (IImport import in _imports) import.Dispose();
    }

    private async Task ServeAsync(Carrier carrier, TunnelOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_imports.Select(import => import.ServeAsync(carrier, options, clock, logger, cancellationToken)));
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The tunnel has ended, or the ports are closed.
        }
        finally
        {
            Volatile.Write(ref _isServing, 0);
        }
    }
}
