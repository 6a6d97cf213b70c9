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
            try
            {
                Received received = await _sockets[number].ReceiveAsync(incoming);
                if (TryAnswer(incoming.AsSpan(0, received.Length), received.From, number, outgoing, out StunServerAnswer answer))
                    await _sockets[answer.Socket].SendAsync(outgoing.AsMemory(0, answer.Length), answer.To);
            }
            catch (ObjectDisposedException)
            {
                return; // This socket was closed, or the one that would have answered.
            }
        }
    }

    private bool TryAnswer(ReadOnlySpan<byte> datagram, IPEndPoint from, int number, Span<byte> buffer, out StunServerAnswer answer)
    {
        Instant now = new(_clock.GetElapsedTime(_start));
        lock (_server) return _server.TryAnswer(datagram, from, number, false, now, buffer, out answer);
    }
}
