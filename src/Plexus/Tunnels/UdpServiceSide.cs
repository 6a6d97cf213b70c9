using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Plexus.Protocols.Wormhole;

namespace Plexus.Tunnels;

/// <summary>A UDP flow on the exporter's side, with a socket of its own so that the service can tell flows apart.</summary>
internal sealed class UdpServiceSide(Carrier carrier, MultiplexedConnection connection, string name, TimeSpan idle, ILogger logger)
    : UdpSide(carrier, connection, idle)
{
    private const int LargestDatagram = 65_507;
    private const int MostEarly = 16; // Datagrams that wait while the service's name is resolved.

    [ThreadStatic]
    private static byte[]? _buffer;

    private readonly Queue<byte[]> _early = new();
    private Socket? _socket;

    public void Connected(Socket socket)
    {
        lock (Gate)
        {
            if (IsClosed)
            {
                socket.Dispose();
                return;
            }

            socket.Blocking = false;
            _socket = socket;
            while (_early.TryDequeue(out byte[]? datagram)) TryPass(datagram);
        }

        _ = ReceiveAsync(socket);
    }

    protected override bool TryPass(ReadOnlySpan<byte> datagram)
    {
        if (_socket is null)
        {
            if (_early.Count == MostEarly) return false;
            _early.Enqueue(datagram.ToArray());
            return true;
        }

        _socket.Send(datagram, SocketFlags.None, out SocketError error);
        return error is SocketError.Success or SocketError.ConnectionRefused; // The receiving loop tells the refusal.
    }

    protected override void OnClose() => _socket?.Dispose();

    private async Task ReceiveAsync(Socket socket)
    {
        try
        {
            while (true)
            {
                await socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.Peek);
                ReceiveAll(socket);
            }
        }
        catch (SocketException e)
        {
            string reason = ServiceAddress.ReasonOf(e.SocketErrorCode);
            TunnelLog.ServiceDown(logger, name, reason);
            Close();
            Carrier.Reset(Connection, TunnelReason.Unreachable, reason);
        }
        catch (ObjectDisposedException)
        {
            // The flow has ended.
        }
    }

    private void ReceiveAll(Socket socket)
    {
        byte[] buffer = _buffer ??= new byte[LargestDatagram];
        while (true)
        {
            int count = socket.Receive(buffer, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock) return;
            if (error != SocketError.Success) throw new SocketException((int)error);
            Send(buffer.AsSpan(0, count));
        }
    }
}
