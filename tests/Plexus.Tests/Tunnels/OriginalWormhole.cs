using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Plexus.Tests.Tunnels;

/// <summary>A model of the original's wormhole 1.2, with its quirks: protocols/wormhole.md sections 4 to 7.</summary>
/// <remarks>
/// It reads up to 1 MiB from a connection and sends it in one frame, waits for that, and reads again. What comes from the tunnel goes into a list without a
/// limit. The end of a connection is told as a close at once, and a close that comes cuts off what is not written yet. It answers no close, and opens
/// what has the next number only.
/// </remarks>
internal sealed class OriginalWormhole : IDisposable
{
    private const int LargestRead = 1 << 20;

    private readonly Stream _carrier;
    private readonly IPEndPoint? _server;
    private readonly Dictionary<uint, (Socket Socket, Channel<byte[]> Writes)> _open = [];
    private readonly SemaphoreSlim _writing = new(1);
    private uint _next;

    private OriginalWormhole(Stream carrier, IPEndPoint? server) => (_carrier, _server) = (carrier, server);

    /// <summary>How many frames came for connections that were not open.</summary>
    public int Strays { get; private set; }

    /// <summary>The longest frame that came.</summary>
    public int Longest { get; private set; }

    public static OriginalWormhole Exporter(Stream carrier, IPEndPoint server)
    {
        OriginalWormhole wormhole = new(carrier, server);
        _ = wormhole.ReadAsync();
        return wormhole;
    }

    public static OriginalWormhole Importer(Stream carrier, Socket listener)
    {
        OriginalWormhole wormhole = new(carrier, null);
        _ = wormhole.ReadAsync();
        _ = wormhole.AcceptAsync(listener);
        return wormhole;
    }

    public void Dispose() => _carrier.Dispose();

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                Socket client = await listener.AcceptAsync();
                uint id = _next++;
                await SendAsync(id, default);
                Start(id, client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // An error ends accepting for ever.
        }
    }

    private async Task ReadAsync()
    {
        byte[] header = new byte[8];
        try
        {
            while (true)
            {
                await _carrier.ReadExactlyAsync(header);
                (uint id, int length) = (BinaryPrimitives.ReadUInt32BigEndian(header), (int)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)));
                Longest = Math.Max(Longest, length);
                byte[] data = new byte[length];
                await _carrier.ReadExactlyAsync(data);
                Take(id, data);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            lock (_open)
            {
                foreach ((Socket socket, _) in _open.Values) socket.Dispose();
            }
        }
    }

    private void Take(uint id, byte[] data)
    {
        (Socket Socket, Channel<byte[]> Writes) known;
        bool isKnown;
        lock (_open)
        {
            isKnown = _open.TryGetValue(id, out known);
            if (isKnown && data.Length == 0) _open.Remove(id);
        }

        if (isKnown && data.Length > 0) known.Writes.Writer.TryWrite(data);
        else if (isKnown) known.Socket.Dispose(); // At once, whatever waits.
        else if (_server is not null && data.Length == 0 && id == _next) Open(id);
        else Strays++;
    }

    private void Open(uint id)
    {
        _next++;
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        lock (_open) _open[id] = (socket, Channel.CreateUnbounded<byte[]>());
        _ = ConnectAsync();

        async Task ConnectAsync()
        {
            try
            {
                await socket.ConnectAsync(_server!);
                Start(id, socket);
            }
            catch (SocketException)
            {
                await CloseAsync(id);
            }
        }
    }

    private void Start(uint id, Socket socket)
    {
        Channel<byte[]> writes;
        lock (_open)
        {
            if (!_open.TryGetValue(id, out (Socket, Channel<byte[]> Writes) known)) _open[id] = known = (socket, Channel.CreateUnbounded<byte[]>());
            writes = known.Writes;
        }

        _ = WriteAsync(id, socket, writes.Reader);
        _ = PumpAsync(id, socket);
    }

    private async Task PumpAsync(uint id, Socket socket)
    {
        byte[] buffer = new byte[LargestRead];
        try
        {
            while (await socket.ReceiveAsync(buffer) is > 0 and int count) await SendAsync(id, buffer.AsMemory(0, count));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // As an end.
        }

        await CloseAsync(id);
    }

    private async Task WriteAsync(uint id, Socket socket, ChannelReader<byte[]> writes)
    {
        try
        {
            await foreach (byte[] data in writes.ReadAllAsync()) await Wire.SendAllAsync(socket, data);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await CloseAsync(id);
        }
    }

    private async Task CloseAsync(uint id)
    {
        (Socket Socket, Channel<byte[]>) known;
        lock (_open)
        {
            if (!_open.Remove(id, out known)) return;
        }

        known.Socket.Dispose();
        await SendAsync(id, default);
    }

    private async Task SendAsync(uint id, ReadOnlyMemory<byte> data)
    {
        byte[] frame = new byte[8 + data.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, id);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)data.Length);
        data.CopyTo(frame.AsMemory(8));
        await _writing.WaitAsync();
        try
        {
            await _carrier.WriteAsync(frame);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The tunnel has ended.
        }
        finally
        {
            _writing.Release();
        }
    }
}
