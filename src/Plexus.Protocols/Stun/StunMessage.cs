using System.Buffers.Binary;

namespace Plexus.Protocols.Stun;

/// <summary>One STUN message, read in place: RFC 8489 section 5, and RFC 3489 section 11.1.</summary>
internal readonly ref struct StunMessage
{
    //  0              7 8            15 16           23 24           31
    // |0 0|      Message type         |        Message length         |
    // |                         Magic cookie                          |
    // |                  Transaction id (96 bits)                     |
    // |                                                               |
    // |                                                               |
    public const int HeaderLength = 20;

    private readonly ReadOnlySpan<byte> _bytes;

    private StunMessage(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    public ushort Type => BinaryPrimitives.ReadUInt16BigEndian(_bytes);

    public StunTransactionId TransactionId => StunTransactionId.Read(_bytes[4..]);

    /// <summary>The whole message, header included.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    public StunAttributes Attributes => new(_bytes[HeaderLength..]);

    /// <summary>Reads a datagram that holds exactly one message whose attributes fit, and whose FINGERPRINT, if any, is right.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out StunMessage message)
    {
        message = default;
        if (datagram.Length < HeaderLength || (datagram[0] & 0xC0) != 0) return false;
        if (BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]) != datagram.Length - HeaderLength) return false;
        StunAttributes attributes = new(datagram[HeaderLength..]);
        while (attributes.MoveNext())
        {
            if (attributes.Type != StunAttributeType.Fingerprint) continue;
            int offset = datagram.Length - StunFingerprint.AttributeLength; // It is the last one, RFC 8489 section 14.7.
            if (!attributes.IsLast || !StunFingerprint.Verify(datagram[..Math.Max(offset, 0)], attributes.Value)) return false;
        }

        if (attributes.IsMalformed) return false;
        message = new StunMessage(datagram);
        return true;
    }

    /// <summary>The value of the first attribute of a type; later ones of the same type do not count, RFC 8489 section 14.</summary>
    public bool TryFind(ushort type, out ReadOnlySpan<byte> value)
    {
        StunAttributes attributes = Attributes;
        while (attributes.MoveNext())
        {
            if (attributes.Type != type) continue;
            value = attributes.Value;
            return true;
        }

        value = default;
        return false;
    }
}
