using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Plexus.Protocols.Tubus;

/// <summary>The mask over a datagram, keyed by the secret and a salt of each datagram: docs/protocols/tubus.md.</summary>
/// <remarks>
/// It hides the format from a passer-by. It neither encrypts nor authenticates. Each word of the mask comes from the one before
/// it, so one datagram goes as fast as one chain of five operations; several datagrams go side by side, see
/// <see cref="TubusMaskLanes"/>.
/// </remarks>
internal static class TubusMask
{
    /// <summary>The octets of the salt, which the mask itself leaves out.</summary>
    public const int SaltLength = 8;

    private const int WordLength = 8;

    /// <summary>Masks a datagram whose salt field is still free.</summary>
    /// <param name="datagram">At least <see cref="SaltLength"/> octets.</param>
    /// <param name="secret">Not zero.</param>
    /// <param name="salt">Random; see <see cref="IsSalt"/>.</param>
    public static void Apply(Span<byte> datagram, ulong secret, ulong salt)
    {
        BinaryPrimitives.WriteUInt64BigEndian(datagram, salt ^ secret);
        Mask(datagram[SaltLength..], secret, salt);
    }

    /// <summary>Takes the mask off; the salt field becomes zero. A datagram without a salt is left alone: it is none.</summary>
    public static void Remove(Span<byte> datagram, ulong secret)
    {
        if (datagram.Length < SaltLength) return;
        ulong salt = BinaryPrimitives.ReadUInt64BigEndian(datagram) ^ secret;
        BinaryPrimitives.WriteUInt64BigEndian(datagram, 0);
        Mask(datagram[SaltLength..], secret, salt);
    }

    /// <summary>Masks datagrams that lie one after another.</summary>
    /// <param name="datagrams">The datagrams.</param>
    /// <param name="datagramLength">The length of each; only the last may be shorter.</param>
    /// <param name="secret">Not zero.</param>
    /// <param name="random">Gives 64 random bits at each call.</param>
    public static void Apply(Span<byte> datagrams, int datagramLength, ulong secret, Func<ulong> random)
    {
        for (int at = 0; at < datagrams.Length; at += datagramLength)
        {
            ulong salt = random();
            while (!IsSalt(salt, secret)) salt = random() | 1; // An unlucky zero, or a source that is stuck.
            BinaryPrimitives.WriteUInt64BigEndian(datagrams[at..], salt ^ secret);
        }

        MaskAll(datagrams, datagramLength, secret);
    }

    /// <summary>Takes the mask off datagrams that lie one after another.</summary>
    public static void Remove(Span<byte> datagrams, int datagramLength, ulong secret)
    {
        MaskAll(datagrams, datagramLength, secret);
        for (int at = 0; at <= datagrams.Length - SaltLength; at += datagramLength)
            BinaryPrimitives.WriteUInt64BigEndian(datagrams[at..], 0);
    }

    /// <summary>Whether a datagram may have this salt: on the wire, zero would say that there is no mask.</summary>
    public static bool IsSalt(ulong salt, ulong secret) => salt != 0 && salt != secret;

    /// <summary>Masks or unmasks what follows the salt, one word after another.</summary>
    internal static void Mask(Span<byte> data, ulong secret, ulong salt)
    {
        ref byte at = ref MemoryMarshal.GetReference(data);
        ref byte end = ref Unsafe.Add(ref at, data.Length & ~(WordLength - 1));
        ulong state = secret;
        while (Unsafe.IsAddressLessThan(ref at, ref end))
        {
            state = Next(state, salt);
            Unsafe.WriteUnaligned(ref at, Unsafe.ReadUnaligned<ulong>(ref at) ^ InMemory(state));
            at = ref Unsafe.Add(ref at, WordLength);
        }

        Span<byte> rest = data[(data.Length & ~(WordLength - 1))..];
        if (rest.IsEmpty) return;
        state = Next(state, salt);
        for (int i = 0; i < rest.Length; i++) rest[i] ^= (byte)(state >> (i * 8));
    }

    /// <summary>
    /// The next state. Its octets from the lowest to the highest are those of the mask: the format swaps the octets of each word
    /// on its way into the datagram, and back into the state.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Next(ulong state, ulong salt)
    {
        ulong sum = state + salt;
        // The count is used modulo 64, so the sum itself does.
        return BinaryPrimitives.ReverseEndianness(BitOperations.RotateRight(sum, (int)sum | 1) ^ salt);
    }

    private static void MaskAll(Span<byte> datagrams, int datagramLength, ulong secret)
    {
        while (datagrams.Length > datagramLength && datagramLength > SaltLength)
        {
            int together = Math.Min(datagrams.Length, datagramLength * TubusMaskLanes.Count);
            TubusMaskLanes.Mask(datagrams[..together], datagramLength, secret);
            datagrams = datagrams[together..];
        }

        for (; !datagrams.IsEmpty; datagrams = datagrams[Math.Min(datagramLength, datagrams.Length)..])
        {
            Span<byte> datagram = datagrams[..Math.Min(datagramLength, datagrams.Length)];
            if (datagram.Length < SaltLength) return;
            Mask(datagram[SaltLength..], secret, BinaryPrimitives.ReadUInt64BigEndian(datagram) ^ secret);
        }
    }

    /// <summary>A state as it is to be laid over memory.</summary>
    internal static ulong InMemory(ulong state) =>
        BitConverter.IsLittleEndian ? state : BinaryPrimitives.ReverseEndianness(state);
}
