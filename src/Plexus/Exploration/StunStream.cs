using System.Buffers.Binary;
using System.Net.Sockets;
using Plexus.Protocols.Stun;

namespace Plexus.Exploration;

/// <summary>STUN messages on a TCP connection, RFC 8489 section 6.2.2: one after another, each tells its own length.</summary>
internal static class StunStream
{
    /// <summary>Room for any message that makes sense; a longer one ends the connection.</summary>
    public const int LargestMessage = 1500;

    /// <summary>Receives one message.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="buffer">At least <see cref="LargestMessage"/> bytes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Its length; 0 when the connection has ended or does not carry STUN.</returns>
    /// <exception cref="SocketException">The connection failed.</exception>
    public static async Task<int> ReceiveAsync(Socket socket, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!await FillAsync(socket, buffer[..StunMessage.HeaderLength], cancellationToken)) return 0;
        int length = BinaryPrimitives.ReadUInt16BigEndian(buffer.Span[2..]) + StunMessage.HeaderLength;
        bool canBeStun = (buffer.Span[0] & 0xC0) == 0 && length <= LargestMessage;
        return canBeStun && await FillAsync(socket, buffer[StunMessage.HeaderLength..length], cancellationToken) ? length : 0;
    }

    public static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        while (!message.IsEmpty) message = message[await socket.SendAsync(message, cancellationToken)..];
    }

    private static async Task<bool> FillAsync(Socket socket, Memory<byte> space, CancellationToken cancellationToken)
    {
        while (!space.IsEmpty)
        {
            int received = await socket.ReceiveAsync(space, cancellationToken);
            if (received == 0) return false;
            space = space[received..];
        }

        return true;
    }
}
