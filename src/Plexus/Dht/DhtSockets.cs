using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>Binds a node's sockets: IPv4 as asked, IPv6 on the same port if possible.</summary>
internal static class DhtSockets
{
    /// <exception cref="PlexusException">None could be bound, or the port is taken and no other is allowed.</exception>
    public static IReadOnlyList<IDatagramSocket> Open(DhtNodeOptions options, IDatagramNetwork network, ILogger logger)
    {
        List<IDatagramSocket> sockets = [];
        string? reason = null;
        int port = options.Port;
        foreach (IPAddress address in options.Addresses.OrderBy(static a => a.AddressFamily == AddressFamily.InterNetworkV6))
        {
            IDatagramSocket? socket = TryOpen(network, new IPEndPoint(address, port), out SocketException? failure);
            if (socket is null && port != 0 && IsTaken(failure!) && (options.FallsBackToAnyPort || sockets.Count > 0))
            {
                socket = TryOpen(network, new IPEndPoint(address, 0), out failure);
                if (socket is not null && sockets.Count == 0) DhtLog.OtherPort(logger, port, socket.LocalEndPoint.Port);
            }

            if (socket is null)
            {
                reason ??= IsTaken(failure!) ? $"UDP port {port} is taken" : failure!.Message;
                DhtLog.NoFamily(logger, address, failure!.Message);
                // Half a node on a port of which the other half is another program's would surprise everybody.
                if (IsTaken(failure!) && sockets.Count == 0) break;
                continue;
            }

            sockets.Add(socket);
            port = socket.LocalEndPoint.Port;
        }

        return sockets.Count > 0
            ? sockets
            : throw new PlexusException(PlexusStage.Rendezvous, $"The DHT node cannot be started: {reason ?? "no address was given"}; choose another port or address.");
    }

    private static bool IsTaken(SocketException failure) =>
        failure.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied;

    private static IDatagramSocket? TryOpen(IDatagramNetwork network, IPEndPoint local, out SocketException? failure)
    {
        try
        {
            failure = null;
            return network.Open(local);
        }
        catch (SocketException e)
        {
            failure = e;
            return null;
        }
    }
}
