using System.Net;

namespace Plexus.Sockets;

/// <summary>What a datagram socket received.</summary>
/// <param name="Length">The datagram's length; a longer one than the buffer is cut.</param>
/// <param name="From">The source.</param>
internal readonly record struct Received(int Length, IPEndPoint From);

/// <summary>One bound UDP socket: the kernel's, or the laboratory's.</summary>
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
    ValueTask<Received> ReceiveAsync(Memory<byte> buffer);
}
