using System.Net;
using System.Net.Sockets;
using Plexus.Protocols;
using Plexus.Protocols.Stun;

namespace Plexus.Exploration;

/// <summary>Serves STUN over TCP: all endpoints of one <see cref="StunServer"/>.</summary>
internal sealed class StunTcpListener : IDisposable
{
    private const int MaxConnections = 256; // Each costs some kilobytes; beyond it new ones are closed at once.
    private const int MaxConnectionsOfSource = 16; // So that no single source takes them all.
    private const int Backlog = 64;

    // A client asks and leaves. Whoever is silent that long has gone, or wants to occupy a place.
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(10);

    private readonly StunServer _server;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly Dictionary<int, Socket> _listeners = [];
    private readonly Dictionary<IPAddress, int> _connections = [];

    /// <inheritdoc cref="StunUdpListener(StunServer, Sockets.IDatagramNetwork, TimeProvider, IPAddress?)"/>
    public StunTcpListener(StunServer server, TimeProvider clock, IPAddress? bind = null)
    {
        _server = server;
        _clock = clock;
        _start = clock.GetTimestamp();
        try
        {
            foreach (int number in server.Sockets.Numbers)
            {
                IPEndPoint endpoint = server.Sockets[number];
                _listeners.Add(number, Listen(new IPEndPoint(bind ?? endpoint.Address, endpoint.Port)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Connections that are open.</summary>
    public int Connections
    {
        get
        {
            lock (_connections) return _connections.Values.Sum();
        }
    }

    /// <summary>Serves until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_listeners.Keys.Select(n => AcceptAsync(n, cancellationToken)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The wanted end.
        }
    }

    public void Dispose()
    {
        foreach (Socket listener in _listeners.Values) listener.Dispose();
    }

    private static Socket Listen(IPEndPoint endpoint)
    {
        Socket listener = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endpoint.AddressFamily == AddressFamily.InterNetworkV6) listener.DualMode = false;
            listener.Bind(endpoint);
            listener.Listen(Backlog);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync(int number, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                Socket client = await _listeners[number].AcceptAsync(cancellationToken);
                _ = ServeAsync(client, number, cancellationToken); // Ends by itself: each of its waits is limited.
            }
            catch (SocketException)
            {
                // The client was gone before it was accepted, or this process has no descriptor left for a moment.
                await Task.Delay(TimeSpan.FromMilliseconds(10), _clock, cancellationToken);
            }
        }
    }

    private async Task ServeAsync(Socket client, int number, CancellationToken cancellationToken)
    {
        using Socket closing = client;
        if (client.RemoteEndPoint is not IPEndPoint source || !TryEnter(source.Address)) return;
        try
        {
            byte[] incoming = new byte[StunStream.LargestMessage];
            byte[] outgoing = new byte[StunServer.LargestAnswer];
            while (await ReceiveAsync(client, incoming, cancellationToken) is > 0 and int length)
            {
                if (!TryAnswer(incoming.AsSpan(0, length), source, number, outgoing, out StunServerAnswer answer)) return;
                await StunStream.SendAsync(client, outgoing.AsMemory(0, answer.Length), cancellationToken);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The client went away or was too slow: its connection is all that ends.
        }
        finally
        {
            Leave(source.Address);
        }
    }

    private async Task<int> ReceiveAsync(Socket client, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using CancellationTokenSource idle = new(IdleLimit, _clock);
        using CancellationTokenRegistration stopping = cancellationToken.Register(idle.Cancel);
        return await StunStream.ReceiveAsync(client, buffer, idle.Token);
    }

    private bool TryAnswer(
        ReadOnlySpan<byte> message, IPEndPoint source, int number, Span<byte> buffer, out StunServerAnswer answer)
    {
        Instant now = new(_clock.GetElapsedTime(_start));
        lock (_server) return _server.TryAnswer(message, source, number, true, now, buffer, out answer);
    }

    private bool TryEnter(IPAddress source)
    {
        lock (_connections)
        {
            int ofSource = _connections.GetValueOrDefault(source);
            if (ofSource == MaxConnectionsOfSource || _connections.Values.Sum() == MaxConnections) return false;
            _connections[source] = ofSource + 1;
            return true;
        }
    }

    private void Leave(IPAddress source)
    {
        lock (_connections)
        {
            if (--_connections[source] == 0) _connections.Remove(source);
        }
    }
}
