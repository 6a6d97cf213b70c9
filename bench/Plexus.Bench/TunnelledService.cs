using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Plexus.Bench;

/// <summary>The service behind the measured tunnels: each connection begins with eight octets that say what it does.</summary>
/// <remarks>Zero: everything is given back. A number: so many bytes are sent, then the connection is closed. Threads and blocking calls: the tunnel is measured, not this.</remarks>
internal sealed class TunnelledService : IDisposable
{
    public const int OrderLength = 8;

    private const int Chunk = 1 << 16;
    private const int Backlog = 1024;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private int _connections;

    public TunnelledService()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(Backlog);
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Connections that have come and said what they want.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What is sent, over and over: no piece of it looks like another one.</summary>
    public static byte[] Pattern { get; } = [.. Enumerable.Range(0, 1 << 21).Select(place => (byte)((place * 31) + (place >> 13)))];

    /// <summary>Connects to a way and says what the connection is for.</summary>
    public static Socket Connect(int port, long order)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        byte[] text = new byte[OrderLength];
        BinaryPrimitives.WriteInt64BigEndian(text, order);
        socket.Send(text);
        return socket;
    }

    public void Dispose() => _listener.Dispose();

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket client = _listener.Accept();
                new Thread(() => Serve(client), maxStackSize: 1 << 16) { IsBackground = true }.Start();
            }
        }
        catch (SocketException)
        {
            // The benchmark has ended.
        }
    }

    private void Serve(Socket client)
    {
        using Socket closing = client;
        try
        {
            client.NoDelay = true;
            byte[] order = new byte[OrderLength];
            for (int have = 0, count; have < order.Length; have += count)
            {
                if ((count = client.Receive(order.AsSpan(have))) == 0) return;
            }

            Interlocked.Increment(ref _connections);
            long bytes = BinaryPrimitives.ReadInt64BigEndian(order);
            if (bytes > 0) Send(client, bytes);
            else Echo(client);
        }
        catch (SocketException)
        {
            // The client has gone.
        }
    }

    private static void Echo(Socket client)
    {
        byte[] buffer = new byte[256];
        while (client.Receive(buffer) is > 0 and int count) client.Send(buffer.AsSpan(0, count));
    }

    private static void Send(Socket client, long bytes)
    {
        for (long sent = 0; sent < bytes; sent += Chunk)
            client.Send(Pattern.AsSpan((int)(sent % Pattern.Length), (int)Math.Min(Chunk, bytes - sent)));
    }
}
