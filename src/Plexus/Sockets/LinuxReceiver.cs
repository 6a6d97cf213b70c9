using System.Net.Sockets;

namespace Plexus.Sockets;

/// <summary>Takes datagrams from a socket without waiting, and without exceptions for what the network does.</summary>
/// <remarks>
/// Nothing of it makes the socket known to .NET's own engine. Once known there, a socket stays so, and each datagram would wake the
/// engine's thread besides the one that waits for it.
/// </remarks>
internal sealed unsafe class LinuxReceiver(Socket socket)
{
    private const int ControlLength = 64; // bytes: more than the one number that may be asked for
    private const int MostErrors = 16; // of earlier datagrams, which the kernel may tell at a receive, in one call

    private readonly KnownSources _sources = new();

    /// <summary>Takes a datagram, or several that the kernel has joined. Empty ones are passed over.</summary>
    /// <param name="buffer">Where to; a longer datagram is cut.</param>
    /// <param name="batch">What was received.</param>
    /// <returns>False when there is none, or the socket was closed.</returns>
    public bool TryReceive(Span<byte> buffer, out ReceivedBatch batch)
    {
        batch = default;
        using LinuxDescriptor held = new(socket.SafeHandle);
        if (held.IsClosed) return false;
        Span<byte> address = stackalloc byte[LinuxAddress.Capacity];
        byte* control = stackalloc byte[ControlLength];
        int errors = 0;
        fixed (byte* start = buffer, from = address)
        {
            LinuxCalls.Piece piece = new() { Start = start, Length = (nuint)buffer.Length };
            while (true)
            {
                address.Clear();
                LinuxCalls.MessageHeader header = new()
                {
                    Name = from, NameLength = LinuxAddress.Capacity, Pieces = &piece, PieceCount = 1,
                    Control = control, ControlLength = ControlLength,
                };
                int length = (int)LinuxCalls.Receive(held.Number, &header, LinuxCalls.DontWait);
                if (length > 0)
                {
                    int datagramLength = DatagramLength(control, (int)header.ControlLength, length);
                    batch = new ReceivedBatch(length, datagramLength, _sources.Find(address));
                    return true;
                }

                // Neither an empty datagram nor an ICMP error of one that was sent before ends a socket.
                if (length < 0 && (LinuxCalls.LastError == LinuxCalls.Again || ++errors > MostErrors)) return false;
            }
        }
    }

    /// <summary>Finds the length of each of the datagrams that the kernel has joined.</summary>
    private static int DatagramLength(byte* control, int controlLength, int length)
    {
        for (int at = 0; at + LinuxCalls.ControlHeaderLength + sizeof(int) <= controlLength;)
        {
            nuint size = *(nuint*)(control + at);
            if (size < LinuxCalls.ControlHeaderLength) break;
            if (*(int*)(control + at + 8) == LinuxCalls.UdpLevel && *(int*)(control + at + 12) == LinuxCalls.UdpJoin)
            {
                int joined = *(int*)(control + at + LinuxCalls.ControlHeaderLength);
                return joined > 0 ? Math.Min(joined, length) : length;
            }

            at += (int)((size + 7) & ~(nuint)7); // Each begins at a multiple of 8.
        }

        return length;
    }
}
