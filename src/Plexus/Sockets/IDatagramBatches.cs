using System.Net;

namespace Plexus.Sockets;

/// <summary>How a system's socket takes and gives datagrams by the batch: see the methods of <see cref="IDatagramSocket"/>.</summary>
internal interface IDatagramBatches : IDisposable
{
    bool Send(ReadOnlySpan<byte> datagrams, int datagramLength, IPEndPoint to, bool mayFragment);

    bool TryReceive(Span<byte> buffer, out ReceivedBatch batch);

    /// <exception cref="ObjectDisposedException">The socket was disposed.</exception>
    ValueTask WaitAsync();
}
