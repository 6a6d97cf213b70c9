using System.Net;
using System.Net.Sockets;

namespace Plexus.App.Tests;

/// <summary>A UDP port of the loopback that nobody has.</summary>
internal static class FreePort
{
    public static int Take()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
