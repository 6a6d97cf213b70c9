using System.Buffers.Binary;
using System.Text;

namespace Plexus.Protocols.Wormhole;

/// <summary>The head of a frame of the tunnel protocol, and the small payloads: docs/protocols/tunnel.md.</summary>
/// <param name="Type">What it is; a number that is no <see cref="TunnelFrameType"/> belongs to a later version.</param>
/// <param name="Length">The length of the payload, in bytes.</param>
/// <param name="Connection">The connection; 0 where the frame is about the tunnel.</param>
internal readonly record struct TunnelFrame(TunnelFrameType Type, int Length, uint Connection)
{
    // 0      1        4            8
    // | type | length | connection | payload ...      big-endian
    public const int HeaderLength = 8;

    /// <summary>The longest payload of any frame: a UDP datagram fits, and nobody can be made to wait for megabytes.</summary>
    public const int LargestPayload = 1 << 16;

    /// <summary>The longest text behind a reason, in bytes.</summary>
    public const int LargestText = 255;

    /// <summary>The longest name of a service, in bytes.</summary>
    public const int LargestName = 255;

    private const int ReasonLength = 2;
    private const int LengthBits = 24;

    /// <param name="header">At least <see cref="HeaderLength"/> bytes.</param>
    public static TunnelFrame Read(ReadOnlySpan<byte> header)
    {
        uint first = BinaryPrimitives.ReadUInt32BigEndian(header);
        return new(
            (TunnelFrameType)(first >> LengthBits), (int)(first & ((1u << LengthBits) - 1)), BinaryPrimitives.ReadUInt32BigEndian(header[4..]));
    }

    /// <param name="buffer">At least <see cref="HeaderLength"/> bytes.</param>
    public void Write(Span<byte> buffer)
    {
        BinaryPrimitives.WriteUInt32BigEndian(buffer, ((uint)Type << LengthBits) | (uint)Length);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], Connection);
    }

    /// <summary>Reads the payload of a frame that tells a reason.</summary>
    /// <returns>The reason, and its text; none where nothing readable stands there.</returns>
    public static (TunnelReason Reason, string Text) ReadReason(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < ReasonLength) return (TunnelReason.None, "");
        ReadOnlySpan<byte> text = payload[ReasonLength..];
        return ((TunnelReason)BinaryPrimitives.ReadUInt16BigEndian(payload), Encoding.UTF8.GetString(text[..Math.Min(text.Length, LargestText)]));
    }

    /// <summary>Writes the payload of a frame that tells a reason; a text that is too long is cut.</summary>
    /// <returns>Its length.</returns>
    public static int WriteReason(Span<byte> buffer, TunnelReason reason, string text)
    {
        BinaryPrimitives.WriteUInt16BigEndian(buffer, (ushort)reason);
        return ReasonLength + WriteText(buffer.Slice(ReasonLength, LargestText), text);
    }

    /// <summary>Reads the payload of <see cref="TunnelFrameType.Open"/>; what stands behind the name is for later versions.</summary>
    /// <returns>False when it is too short.</returns>
    public static bool TryReadOpen(ReadOnlySpan<byte> payload, out TunnelProtocol protocol, out string service)
    {
        // 0          1             2
        // | protocol | name length | name, UTF-8 ...
        (protocol, service) = (default, "");
        if (payload.Length < 2 || payload.Length - 2 < payload[1]) return false;
        protocol = (TunnelProtocol)payload[0];
        service = Encoding.UTF8.GetString(payload.Slice(2, payload[1]));
        return true;
    }

    /// <summary>Writes the payload of <see cref="TunnelFrameType.Open"/>.</summary>
    /// <returns>Its length.</returns>
    public static int WriteOpen(Span<byte> buffer, TunnelProtocol protocol, string service)
    {
        buffer[0] = (byte)protocol;
        buffer[1] = (byte)WriteText(buffer.Slice(2, LargestName), service);
        return 2 + buffer[1];
    }

    private static int WriteText(Span<byte> buffer, string text)
    {
        Encoding.UTF8.GetEncoder().Convert(text, buffer, flush: true, out _, out int length, out _); // Never cuts a character.
        return length;
    }
}
