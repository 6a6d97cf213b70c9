using System.Net;
using System.Net.Sockets;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>A TCP server of the test on a loopback port of a machine.</summary>
internal sealed class LocalService : IDisposable
{
    private readonly TcpListener _listener;

    /// <param name="host">The machine, in whose namespace the socket is made.</param>
    /// <param name="port">The port.</param>
    /// <param name="serve">Serves one client; its stream is closed afterwards.</param>
    public LocalService(NamespaceHost host, int port, Func<NetworkStream, Task> serve)
    {
        _listener = host.Namespace.Run(() =>
        {
            TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
            return listener;
        });
        _ = ServeAsync(serve);
    }

    /// <summary>An HTTP server that answers each request with the same body.</summary>
    public static LocalService Http(NamespaceHost host, int port, byte[] body) => new(host, port, async stream =>
    {
        byte[] request = new byte[4096];
        int length = 0;
        while (!request.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            int read = await stream.ReadAsync(request.AsMemory(length));
            if (read == 0) return;
            length += read;
        }

        string head = $"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(head));
        await stream.WriteAsync(body);
    });

    /// <summary>A server that sends back what it gets.</summary>
    public static LocalService Echo(NamespaceHost host, int port) => new(host, port, stream => stream.CopyToAsync(stream));

    /// <summary>Connects to a loopback port of a machine.</summary>
    public static async Task<NetworkStream> ConnectAsync(NamespaceHost host, int port)
    {
        // A socket belongs to the namespace in which it was made.
        Socket socket = host.Namespace.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync(Func<NetworkStream, Task> serve)
    {
        try
        {
            while (true) _ = ServeOneAsync(await _listener.AcceptSocketAsync(), serve);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }

    private static async Task ServeOneAsync(Socket socket, Func<NetworkStream, Task> serve)
    {
        using NetworkStream stream = new(socket, ownsSocket: true);
        try
        {
            await serve(stream);
        }
        catch (IOException)
        {
            // The client has gone: its affair.
        }
    }
}
