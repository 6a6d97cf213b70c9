using System.Net;
using System.Net.Sockets;

namespace Plexus.App.Tests;

/// <summary>A UDP or TCP port of the loopback that nobody has.</summary>
internal static class FreePort
{
    public static int Take(SocketType type = SocketType.Dgram)
    {
        using Socket socket = new(AddressFamily.InterNetwork, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
