using System.Buffers.Binary;
using System.Numerics;
using Plexus.Protocols.Introductions;

namespace Plexus.Protocols.Punch;

/// <summary>One datagram of the handshake: docs/protocols/handshake.md.</summary>
internal static class PunchFrame
{
    // Octet   0                    1 ... 6    7
    //        | random, flag: bit 0 | random  | XOR of the others |      then XOR with the secret, little-endian
    public const int Length = 8;

    private const ulong FlagBit = 1;
    private const int CheckShift = 56; // The last octet of a little-endian number.

    /// <summary>Reads a frame. What is longer is cut, as the original does.</summary>
    /// <param name="datagram">What came.</param>
    /// <param name="secret">The mask.</param>
    /// <param name="heardUs">The flag: whether its sender has heard us.</param>
    /// <returns>False when it is too short, or its check does not hold; 1 in 256 random datagrams passes.</returns>
    public static bool TryRead(ReadOnlySpan<byte> datagram, SharedSecret secret, out bool heardUs)
    {
        heardUs = false;
        if (datagram.Length < Length) return false;
        ulong clear = BinaryPrimitives.ReadUInt64LittleEndian(datagram) ^ secret.Value;
        heardUs = (clear & FlagBit) != 0;
        return Fold(clear) == 0;
    }

    /// <summary>Writes a frame.</summary>
    /// <param name="buffer">At least <see cref="Length"/> octets.</param>
    /// <param name="secret">The mask.</param>
    /// <param name="heardUs">Whether we have heard the peer.</param>
    /// <param name="random">Chance: all but its last octet and its lowest bit goes into the frame.</param>
    public static void Write(Span<byte> buffer, SharedSecret secret, bool heardUs, ulong random)
    {
        ulong clear = random << (64 - CheckShift) >> (64 - CheckShift); // The last octet is for the check.
        clear = (clear & ~FlagBit) | (heardUs ? FlagBit : 0);
        clear |= (ulong)Fold(clear) << CheckShift;
        BinaryPrimitives.WriteUInt64LittleEndian(buffer, clear ^ secret.Value);
    }

    /// <summary>The exclusive or of all octets.</summary>
    private static byte Fold(ulong value)
    {
        value ^= BitOperations.RotateRight(value, 32);
        value ^= BitOperations.RotateRight(value, 16);
        return (byte)(value ^ (value >> 8));
    }
}
