using System.Net;
using Plexus.Lab.Namespaces;
using Plexus.Sockets;

namespace Plexus.EndToEnd.Laboratory;

/// <summary>A bare socket on a host of the laboratory, to see what arrives from where.</summary>
internal sealed class Probe(NamespaceHost host, int port = 0) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2); // Microseconds suffice; a busy machine may need more.

    private readonly IDatagramSocket _socket = host.Network.Open(new IPEndPoint(IPAddress.Any, port));
    private readonly byte[] _buffer = new byte[2048];
    private Task<Received>? _receive;

    public IPEndPoint EndPoint => new(host.Address, _socket.LocalEndPoint.Port);

    public async Task SendAsync(IPEndPoint to, byte? hops = null) =>
        Assert.True(await _socket.SendAsync(new byte[] { 1, 2, 3 }, to, hops));

    /// <summary>Where the next datagram came from; null when none came within the time.</summary>
    public async Task<IPEndPoint?> ReceiveAsync(TimeSpan? patience = null)
    {
        _receive ??= _socket.ReceiveAsync(_buffer).AsTask();
        if (await Task.WhenAny(_receive, Task.Delay(patience ?? Patience)) != _receive) return null;
        Received received = await _receive;
        _receive = null;
        return received.From;
    }

    public ValueTask DisposeAsync() => _socket.DisposeAsync();
}
