using System.Net;

namespace Plexus.Sockets;

/// <summary>What a datagram socket received.</summary>
/// <param name="Length">The datagram's length; a longer one than the buffer is cut.</param>
/// <param name="From">The source.</param>
internal readonly record struct Received(int Length, IPEndPoint From);

/// <summary>One bound UDP socket: the kernel's, or the laboratory's.</summary>
/// <remarks>
/// It is used in one of two ways: datagram by datagram, and later, for good, by the batch. The first batch method that is
/// called changes the socket for it: large buffers, no fragmentation by IP, datagrams that the kernel joins.
/// </remarks>
internal interface IDatagramSocket : IAsyncDisposable
{
    /// <summary>The bound address and the concrete port.</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>Sends one datagram.</summary>
    /// <param name="datagram">The payload.</param>
    /// <param name="to">The destination, of the socket's family.</param>
    /// <param name="hops">The IP time-to-live of this datagram; null is the system's default.</param>
    /// <returns>False when the system refused it (no route, wrong family, too large): UDP promises no more.</returns>
    ValueTask<bool> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint to, byte? hops = null);

    /// <summary>Waits for a datagram. One receive at a time; disposing the socket ends it.</summary>
    /// <exception cref="ObjectDisposedException">The socket was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; no datagram is lost by that.</exception>
    ValueTask<Received> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Sends datagrams of one length that lie one after another. One sender at a time.</summary>
    /// <param name="datagrams">The datagrams, any number of them.</param>
    /// <param name="datagramLength">The length of each, 1 to 65,507 bytes; only the last may be shorter.</param>
    /// <param name="to">The destination, of the socket's family.</param>
    /// <param name="mayFragment">Whether IP may cut them; if not, a link that is too narrow drops them.</param>
    /// <param name="hops">The IP time-to-live of these datagrams; null is the system's default.</param>
    /// <returns>False when the system refused some of them: too large for the interface, no route, or no room for a while.</returns>
    bool SendBatch(ReadOnlySpan<byte> datagrams, int datagramLength, IPEndPoint to, bool mayFragment, byte? hops = null);

    /// <summary>Takes datagrams that are there already. Empty ones are passed over.</summary>
    /// <param name="buffer">Where to; 65,536 bytes hold whatever there can be.</param>
    /// <param name="batch">What was received.</param>
    /// <returns>False when there is none.</returns>
    bool TryReceiveBatch(Span<byte> buffer, out ReceivedBatch batch);

    /// <summary>
    /// Waits until <see cref="TryReceiveBatch"/> may have something. One wait at a time. What follows the await may run on the
    /// socket's own thread, so it must not block.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The socket was disposed.</exception>
    ValueTask WaitToReceiveAsync();

    /// <summary>Gives back a datagram, so that it is the next one to be received. There is room for one.</summary>
    void PutBack(ReadOnlySpan<byte> datagram, IPEndPoint from);
}
