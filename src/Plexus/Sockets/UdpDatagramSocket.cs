using System.Net;
using System.Net.Sockets;

namespace Plexus.Sockets;

/// <summary>A UDP socket of the system, of one address family.</summary>
internal sealed class UdpDatagramSocket : IDatagramSocket
{
    /// <summary>Room for datagrams by the batch, in bytes; a system may grant less.</summary>
    internal const int BatchBufferSize = 4 << 20; // 40 ms at 100 MB/s, which a busy machine may take to look

    private const int WindowsConnectionReset = -1744830452; // SIO_UDP_CONNRESET

    private readonly Socket _socket;
    private readonly SocketAddress _from;
    private readonly short _defaultHops;
    private readonly LinuxReceiver? _receiver; // null where batches are plain
    private readonly SocketReadiness? _readiness;
    private readonly Lock _batchLock = new();
    private SocketAddress? _knownFrom;
    private IPEndPoint? _knownSource;
    private IDatagramBatches? _batches;
    private (byte[] Datagram, IPEndPoint From)? _putBack;
    private volatile bool _disposed;

    /// <param name="local">The endpoint to bind; port 0 is any free one.</param>
    /// <param name="isPlain">True spares a batch what only this system can do.</param>
    /// <exception cref="SocketException">The endpoint is taken, or not this machine's.</exception>
    public UdpDatagramSocket(IPEndPoint local, bool isPlain = false)
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
        if (isPlain || !SocketReadiness.IsSupported) return;
        _receiver = new LinuxReceiver(_socket);
        _readiness = new SocketReadiness(_socket);
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

    public async ValueTask<Received> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // What the kernel has joined can only be told apart by a batch.
        if (_batches is not null) throw new InvalidOperationException("This socket receives by the batch.");
        if (TakeBack(buffer.Span) is { } again) return again;
        while (true)
        {
            try
            {
                if (_receiver is not null) return await ReceiveAsync(_receiver, _readiness!, buffer, cancellationToken);
                int length = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, _from, cancellationToken);
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

    public bool SendBatch(
        ReadOnlySpan<byte> datagrams, int datagramLength, IPEndPoint to, bool mayFragment, byte? hops = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(datagramLength, 1);
        if (_disposed) return false;
        if (hops is null) return Batches().Send(datagrams, datagramLength, to, mayFragment);
        try
        {
            _socket.Ttl = hops.Value;
            bool isSent = Batches().Send(datagrams, datagramLength, to, mayFragment);
            _socket.Ttl = _defaultHops;
            return isSent;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public bool TryReceiveBatch(Span<byte> buffer, out ReceivedBatch batch)
    {
        if (_putBack is not null && TakeBack(buffer) is { Length: > 0 } again)
        {
            batch = new ReceivedBatch(again.Length, again.Length, again.From);
            return true;
        }

        batch = default;
        return !_disposed && Batches().TryReceive(buffer, out batch);
    }

    public ValueTask WaitToReceiveAsync() =>
        _disposed ? ValueTask.FromException(new ObjectDisposedException(nameof(UdpDatagramSocket)))
        : _putBack is not null ? ValueTask.CompletedTask
        : Batches().WaitAsync();

    public void PutBack(ReadOnlySpan<byte> datagram, IPEndPoint from) => _putBack = (datagram.ToArray(), from);

    public ValueTask DisposeAsync()
    {
        lock (_batchLock)
        {
            _disposed = true;
            _batches?.Dispose();
        }

        _socket.Dispose();
        _readiness?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async ValueTask<Received> ReceiveAsync(
        LinuxReceiver receiver, SocketReadiness readiness, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ReceivedBatch batch;
        while (!receiver.TryReceive(buffer.Span, out batch)) await readiness.WaitAsync(toWrite: false, cancellationToken);
        return new Received(batch.Length, batch.From);
    }

    private IDatagramBatches Batches()
    {
        if (_batches is { } known) return known;
        lock (_batchLock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_batches is { } made) return made;
            _socket.SendBufferSize = BatchBufferSize;
            _socket.ReceiveBufferSize = BatchBufferSize;
            return _batches = _receiver is null ? new PlainDatagramBatches(_socket) : new LinuxDatagramBatches(_socket, _receiver);
        }
    }

    private Received? TakeBack(Span<byte> buffer)
    {
        if (_putBack is not { } again) return null;
        _putBack = null;
        int length = Math.Min(again.Datagram.Length, buffer.Length);
        again.Datagram.AsSpan(0, length).CopyTo(buffer);
        return new Received(length, again.From);
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
