using System.Net;
using System.Net.Sockets;

namespace Plexus.Sockets;

/// <summary>A UDP socket of the system, of one address family.</summary>
internal sealed class UdpDatagramSocket : IDatagramSocket
{
    private const int WindowsConnectionReset = -1744830452; // SIO_UDP_CONNRESET

    private readonly Socket _socket;
    private readonly SocketAddress _from;
    private readonly short _defaultHops;
    private SocketAddress? _knownFrom;
    private IPEndPoint? _knownSource;
    private bool _disposed;

    /// <exception cref="SocketException">The endpoint is taken, or not this machine's.</exception>
    public UdpDatagramSocket(IPEndPoint local)
    {
        _socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (local.AddressFamily == AddressFamily.InterNetworkV6) _socket.DualMode = false;
            if (OperatingSystem.IsWindows()) _socket.IOControl(WindowsConnectionReset, [0, 0, 0, 0], null);
            _socket.Bind(local);
            _defaultHops = _socket.Ttl;
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        LocalEndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        _from = new SocketAddress(local.AddressFamily);
    }

    public IPEndPoint LocalEndPoint { get; }

    public async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint to, byte? hops = null)
    {
        if (to.AddressFamily != LocalEndPoint.AddressFamily) return false;
        try
        {
            if (hops is { } limited)
            {
                // The option holds for the whole socket: set, send at once, restore. A pump has one sender.
                _socket.Ttl = limited;
                try
                {
                    _socket.SendTo(datagram.Span, SocketFlags.None, to);
                }
                finally
                {
                    _socket.Ttl = _defaultHops;
                }
            }
            else
            {
                await _socket.SendToAsync(datagram, SocketFlags.None, to);
            }

            return true;
        }
        catch (SocketException e) when (_disposed)
        {
            throw new ObjectDisposedException(nameof(UdpDatagramSocket), e);
        }
        catch (SocketException)
        {
            return false; // No route, or an ICMP error of an earlier datagram: to UDP both are a lost datagram.
        }
    }

    public async ValueTask<Received> ReceiveAsync(Memory<byte> buffer)
    {
        while (true)
        {
            try
            {
                int length = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, _from);
                return new Received(length, Source());
            }
            catch (SocketException) when (!_disposed)
            {
                // An ICMP error of a datagram sent before, or one too large for the buffer: neither ends a socket.
            }
            catch (Exception e) when (_disposed && e is SocketException or ObjectDisposedException)
            {
                throw new ObjectDisposedException(nameof(UdpDatagramSocket));
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private IPEndPoint Source()
    {
        // Most datagrams come from where the last one came from: one endpoint object serves them all.
        if (_knownSource is null || !_from.Equals(_knownFrom))
        {
            _knownFrom = new SocketAddress(_from.Family, _from.Size);
            _from.Buffer[.._from.Size].CopyTo(_knownFrom.Buffer);
            _knownSource = (IPEndPoint)LocalEndPoint.Create(_from);
        }

        return _knownSource;
    }
}
