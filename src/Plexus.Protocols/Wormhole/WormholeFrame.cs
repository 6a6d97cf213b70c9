using System.Buffers.Binary;

namespace Plexus.Protocols.Wormhole;

/// <summary>The head of a frame as wormhole 1.2 writes it: docs/protocols/wormhole.md.</summary>
/// <param name="Connection">The connection, numbered by the importer: 0, 1, 2, and so on.</param>
/// <param name="Length">The length of the data that follows, in bytes; 0 opens or closes.</param>
internal readonly record struct WormholeFrame(uint Connection, uint Length)
{
    // 0            4            8
    // | connection | length     | data ...      both big-endian
    public const int HeaderLength = 8;

    /// <summary>The longest data the original sends in one frame: one read of its TCP side.</summary>
    public const int LargestData = 1 << 20;

    /// <param name="header">At least <see cref="HeaderLength"/> bytes.</param>
    public static WormholeFrame Read(ReadOnlySpan<byte> header) =>
        new(BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]));

    /// <param name="buffer">At least <see cref="HeaderLength"/> bytes.</param>
    public void Write(Span<byte> buffer)
    {
        BinaryPrimitives.WriteUInt32BigEndian(buffer, Connection);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], Length);
    }
}
