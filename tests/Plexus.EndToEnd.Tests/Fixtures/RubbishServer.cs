using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>A server that answers everything with a header of STUN, the right transaction, and rubbish behind it.</summary>
internal sealed class RubbishServer : IDisposable
{
    private const int HeaderLength = 20; // RFC 8489 section 5

    private readonly Socket _socket;
    private readonly Thread _thread;

    public RubbishServer(NamespaceHost host, int port)
    {
        _socket = host.Namespace.Run(() =>
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return socket;
        });
        _thread = new Thread(Serve) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>How many datagrams it answered.</summary>
    public int Answered { get; private set; }

    public void Dispose()
    {
        _socket.Dispose();
        _thread.Join();
    }

    private void Serve()
    {
        byte[] buffer = new byte[200];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (true)
            {
                if (_socket.ReceiveFrom(buffer, ref from) < HeaderLength) continue;
                RandomNumberGenerator.Fill(buffer.AsSpan(HeaderLength));
                (buffer[0], buffer[1]) = (0x01, 0x01); // Binding success
                (buffer[2], buffer[3]) = (0, 180);
                _socket.SendTo(buffer, from);
                Answered++;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
