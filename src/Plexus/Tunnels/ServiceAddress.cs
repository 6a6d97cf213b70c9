using System.Net;
using System.Net.Sockets;
using Plexus.Sockets;

namespace Plexus.Tunnels;

/// <summary>From the name of a service's host to a connected socket. Names are resolved each time, so that a change counts at once.</summary>
internal static class ServiceAddress
{
    /// <summary>Connects to the first address that answers.</summary>
    /// <exception cref="SocketException">None does; the last one's failure.</exception>
    public static async Task<Socket> ConnectAsync(EndpointName name, SocketType type, ProtocolType protocol, CancellationToken cancellationToken)
    {
        SocketException? failure = null;
        foreach (IPAddress address in await UdpNetwork.Instance.ResolveAsync(name.Host, cancellationToken))
        {
            Socket? socket = null;
            try
            {
                socket = new(address.AddressFamily, type, protocol);
                await ConnectAsync(socket, new IPEndPoint(address, name.Port), cancellationToken);
                return socket;
            }
            catch (SocketException e)
            {
                socket?.Dispose();
                failure = e;
            }
            catch
            {
                socket?.Dispose();
                throw;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static async Task ConnectAsync(Socket socket, IPEndPoint to, CancellationToken cancellationToken)
    {
        if (!SocketReadiness.IsSupported)
        {
            await socket.ConnectAsync(to, cancellationToken);
            return;
        }

        try
        {
            socket.Blocking = false;
            socket.Connect(to);
            return;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // It goes on by itself.
        }

        using SocketReadiness readiness = new(socket);
        await readiness.WaitAsync(toWrite: true, cancellationToken);
        if ((int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! is not 0 and var error) throw new SocketException(error);
    }

    /// <summary>Binds a socket for local clients.</summary>
    /// <exception cref="PlexusException">It cannot be bound; the message names the endpoint.</exception>
    public static async Task<Socket> BindAsync(EndpointName name, SocketType type, ProtocolType protocol, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        try
        {
            IPAddress address = (await UdpNetwork.Instance.ResolveAsync(name.Host, cancellationToken)).FirstOrDefault()
                ?? throw new SocketException((int)SocketError.HostNotFound);
            socket = new(address.AddressFamily, type, protocol);
            if (address.Equals(IPAddress.IPv6Any)) socket.DualMode = true; // "All addresses", as everywhere.
            if (type == SocketType.Stream && !OperatingSystem.IsWindows())
            {
                // A port whose last connections still linger can be used again at once; on Windows it would be shared with others.
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            }

            socket.Bind(new IPEndPoint(address, name.Port));
            return socket;
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw new PlexusException(PlexusStage.Settings, $"{name} cannot be used for local clients: {ReasonOf(e.SocketErrorCode)}.", e);
        }
    }

    /// <summary>A failure in a few words, without the addresses of this network: the peer may be told it.</summary>
    public static string ReasonOf(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name does not resolve",
        SocketError.TimedOut => "no answer",
        SocketError.AddressAlreadyInUse => "another program uses it",
        SocketError.AddressNotAvailable => "it is not an address of this machine",
        SocketError.AccessDenied => "that is not allowed for this user",
        SocketError.TooManyOpenSockets => "too many files are open",
        _ => $"{error}",
    };
}
