using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Plexus.Protocols.Stun;

/// <summary>Checks MESSAGE-INTEGRITY, RFC 8489 section 14.5. Public servers ask for none, so nothing here writes it.</summary>
internal static class StunIntegrity
{
    private const int AttributeLength = 4 + HMACSHA1.HashSizeInBytes;

    /// <param name="message">A message that was read.</param>
    /// <param name="key">The short-term password, or the MD5 of the long-term one.</param>
    /// <returns>False when the attribute is absent or the message was made with another key.</returns>
    public static bool Verify(StunMessage message, ReadOnlySpan<byte> key)
    {
        int offset = StunMessage.HeaderLength;
        StunAttributes attributes = message.Attributes;
        while (attributes.MoveNext())
        {
            if (attributes.Type == StunAttributeType.MessageIntegrity) return Matches(message, offset, attributes.Value, key);
            offset += 4 + ((attributes.Value.Length + 3) & ~3);
        }

        return false;
    }

    private static bool Matches(StunMessage message, int offset, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> key)
    {
        // The header's length is taken as if the message ended with this attribute.
        byte[] covered = message.Bytes[..offset].ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(covered.AsSpan(2), (ushort)(offset + AttributeLength - StunMessage.HeaderLength));
        return CryptographicOperations.FixedTimeEquals(HMACSHA1.HashData(key, covered), expected);
    }
}
