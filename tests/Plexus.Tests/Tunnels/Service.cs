using System.Net;
using System.Net.Sockets;

namespace Plexus.Tests.Tunnels;

/// <summary>A TCP server on loopback that does the same with each connection.</summary>
internal sealed class Service : IDisposable
{
    private readonly Socket _listener;
    private readonly Func<Socket, Task> _serve;

    public Service(Func<Socket, Task> serve, int port = 0)
    {
        (_listener, _serve) = (Wire.Listen(port), serve);
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _ = AcceptAsync();
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Gives back what it gets, and ends when its client does.</summary>
    public static Service Echo(int port = 0) => new(
        async client =>
        {
            byte[] buffer = new byte[1 << 16];
            while (await client.ReceiveAsync(buffer) is > 0 and int count) await Wire.SendAllAsync(client, buffer.AsMemory(0, count));
            client.Shutdown(SocketShutdown.Send);
        },
        port);

    /// <summary>Sends these bytes and closes.</summary>
    public static Service Sender(byte[] data) => new(client => Wire.SendAllAsync(client, data));

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync();
                client.NoDelay = true;
                _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using Socket closing = client;
        try
        {
            await _serve(client);
        }
        catch (SocketException)
        {
            // The client has gone.
        }
    }
}
