using System.Net;
using Plexus.Protocols;
using Plexus.Protocols.Stun;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>Serves STUN over UDP: all sockets of one <see cref="StunServer"/>.</summary>
internal sealed class StunUdpListener : IAsyncDisposable
{
    private const int LargestRequest = 1500; // A request is some dozen bytes; what is longer is cut and then refused.

    private readonly StunServer _server;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly Dictionary<int, IDatagramSocket> _sockets = [];

    /// <param name="server">The core; listeners that share it lock it.</param>
    /// <param name="network">Where sockets come from.</param>
    /// <param name="clock">For the limit of each source.</param>
    /// <param name="bind">The address to bind instead of the server's own: the any-address; null binds the server's.</param>
    /// <exception cref="System.Net.Sockets.SocketException">An endpoint is taken, or not this machine's.</exception>
    public StunUdpListener(StunServer server, IDatagramNetwork network, TimeProvider clock, IPAddress? bind = null)
    {
        _server = server;
        _clock = clock;
        _start = clock.GetTimestamp();
        try
        {
            foreach (int number in server.Sockets.Numbers)
            {
                IPEndPoint endpoint = server.Sockets[number];
                _sockets.Add(number, network.Open(new IPEndPoint(bind ?? endpoint.Address, endpoint.Port)));
            }
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <summary>Serves until cancelled, then closes the sockets.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Task[] serving = [.. _sockets.Keys.Select(ServeAsync)];
        using (cancellationToken.Register(Close)) await Task.WhenAll(serving);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IDatagramSocket socket in _sockets.Values) await socket.DisposeAsync();
    }

    /// <summary>Closes the sockets without waiting; a datagram in work is the last.</summary>
    public void Close()
    {
        foreach (IDatagramSocket socket in _sockets.Values) _ = socket.DisposeAsync().AsTask();
    }

    private async Task ServeAsync(int number)
    {
        byte[] incoming = new byte[LargestRequest];
        byte[] outgoing = new byte[StunServer.LargestAnswer];
        while (true)
        {
            Received received;
            try
            {
                received = await _sockets[number].ReceiveAsync(incoming);
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            bool answers;
            StunServerAnswer answer;
            lock (_server)
            {
                answers = _server.TryAnswer(
                    incoming.AsSpan(0, received.Length), received.From, number, false,
                    new Instant(_clock.GetElapsedTime(_start)), outgoing, out answer);
            }

            if (answers) await _sockets[answer.Socket].SendAsync(outgoing.AsMemory(0, answer.Length), answer.To);
        }
    }
}
