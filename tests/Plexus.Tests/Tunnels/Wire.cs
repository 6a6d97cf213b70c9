using System.Net;
using System.Net.Sockets;

namespace Plexus.Tests.Tunnels;

/// <summary>Sockets on loopback.</summary>
internal static class Wire
{
    /// <summary>Two ends of a TCP connection, as carriers of a tunnel.</summary>
    public static async Task<(Stream One, Stream Other)> PairAsync()
    {
        using Socket listener = Listen();
        Socket one = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await one.ConnectAsync(listener.LocalEndPoint!);
        Socket other = await listener.AcceptAsync();
        other.NoDelay = true;
        return (new NetworkStream(one, ownsSocket: true), new NetworkStream(other, ownsSocket: true));
    }

    public static Socket Listen(int port = 0)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(1024);
        return listener;
    }

    public static async Task<Socket> ConnectAsync(IPEndPoint to)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to);
        return socket;
    }

    /// <summary>Reads until the end.</summary>
    public static async Task<byte[]> ReadAllAsync(Socket socket, int piece = 1 << 16, Func<Task>? between = null)
    {
        MemoryStream all = new();
        byte[] buffer = new byte[piece];
        while (await socket.ReceiveAsync(buffer) is > 0 and int count)
        {
            all.Write(buffer, 0, count);
            if (between is not null) await between();
        }

        return all.ToArray();
    }

    public static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty) data = data[await socket.SendAsync(data)..];
    }

    public static byte[] Bytes(int count, int seed = 1)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
