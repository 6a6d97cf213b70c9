using System.Buffers.Binary;

namespace Plexus.Protocols.Stun;

/// <summary>The FINGERPRINT attribute, RFC 8489 section 14.7: a CRC-32 that tells STUN from other datagrams.</summary>
internal static class StunFingerprint
{
    public const int AttributeLength = 8;

    private const uint Mask = 0x5354554E; // "STUN", so that a CRC of another protocol on the same port does not match.
    private const uint Polynomial = 0xEDB88320; // ITU V.42, bits reversed

    private static readonly uint[] Table = MakeTable();

    /// <param name="preceding">The message up to the attribute. Its header counts the attribute's length already.</param>
    public static uint Compute(ReadOnlySpan<byte> preceding)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in preceding) crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        return ~crc ^ Mask;
    }

    public static bool Verify(ReadOnlySpan<byte> preceding, ReadOnlySpan<byte> value) =>
        value.Length == sizeof(uint) && BinaryPrimitives.ReadUInt32BigEndian(value) == Compute(preceding);

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? Polynomial ^ (crc >> 1) : crc >> 1;
            table[i] = crc;
        }

        return table;
    }
}
