using System.Net;

namespace Plexus.Sockets;

/// <summary>A socket whose peer hears at one endpoint and sends from another: to its user they are one.</summary>
/// <remarks>So it is between two NATs that show another port to each destination and let everybody in: each direction has its own pair of ports.</remarks>
/// <param name="socket">The socket; owned.</param>
/// <param name="source">Where the peer's datagrams come from.</param>
/// <param name="peer">Where it hears, and what its datagrams are said to come from.</param>
internal sealed class TwoWaySocket(IDatagramSocket socket, IPEndPoint source, IPEndPoint peer) : IDatagramSocket
{
    public IPEndPoint LocalEndPoint => socket.LocalEndPoint;

    public ValueTask<bool> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint to, byte? hops = null) => socket.SendAsync(datagram, to, hops);

    public async ValueTask<Received> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Received received = await socket.ReceiveAsync(buffer, cancellationToken);
        return received with { From = Renamed(received.From) };
    }

    public bool SendBatch(ReadOnlySpan<byte> datagrams, int datagramLength, IPEndPoint to, bool mayFragment, byte? hops = null) =>
        socket.SendBatch(datagrams, datagramLength, to, mayFragment, hops);

    public bool TryReceiveBatch(Span<byte> buffer, out ReceivedBatch batch)
    {
        if (!socket.TryReceiveBatch(buffer, out batch)) return false;
        batch = batch with { From = Renamed(batch.From) };
        return true;
    }

    public ValueTask WaitToReceiveAsync() => socket.WaitToReceiveAsync();

    public void PutBack(ReadOnlySpan<byte> datagram, IPEndPoint from) => socket.PutBack(datagram, from);

    public ValueTask DisposeAsync() => socket.DisposeAsync();

    private IPEndPoint Renamed(IPEndPoint from) => from.Equals(source) ? peer : from;
}
