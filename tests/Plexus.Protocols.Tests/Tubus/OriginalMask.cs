using System.Buffers.Binary;
using System.Numerics;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>The original's mask as its description has it, octet by octet: a second opinion on ours.</summary>
internal static class OriginalMask
{
    public static void Apply(Span<byte> plain, ulong secret, ulong salt)
    {
        BinaryPrimitives.WriteUInt64BigEndian(plain, salt ^ secret);
        Run(plain, secret, salt);
    }

    public static void Remove(Span<byte> wire, ulong secret)
    {
        ulong salt = BinaryPrimitives.ReadUInt64BigEndian(wire) ^ secret;
        wire[..8].Clear();
        Run(wire, secret, salt);
    }

    private static void Run(Span<byte> datagram, ulong secret, ulong salt)
    {
        ulong state = secret;
        for (int at = 8; at < datagram.Length; at += 8)
        {
            ulong sum = unchecked(state + salt);
            ulong word = BitOperations.RotateRight(sum, (int)((sum & 63) | 1)) ^ salt;
            for (int i = 0; i < 8 && at + i < datagram.Length; i++) datagram[at + i] ^= (byte)(word >> (56 - (8 * i)));
            state = BinaryPrimitives.ReverseEndianness(word);
        }
    }
}
