using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Plexus.Protocols.Tubus;

/// <summary>Masks up to eight datagrams side by side, one in each lane: the chain of one does not wait for another's.</summary>
/// <remarks>
/// After some steps the words of the lanes are turned round (a transposition), so that each datagram gets a run of its own mask
/// in one register. On a processor without the instructions the chains are interleaved in ordinary registers.
/// </remarks>
internal static class TubusMaskLanes
{
    /// <summary>How many datagrams go side by side.</summary>
    public const int Count = 8;

    private const int WordLength = 8;

    // Swaps the octets of each 64-bit word; the instruction looks at each 128 bits by themselves.
    private static readonly Vector128<byte> Swap = Vector128.Create((byte)7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);

    /// <summary>A way to do it, so that each can be tested and measured on one processor.</summary>
    internal delegate void Way(in Lanes lanes, ReadOnlySpan<ulong> salts, ulong secret);

    /// <summary>Masks or unmasks what follows the salts.</summary>
    /// <param name="datagrams">Up to <see cref="Count"/> datagrams, one after another.</param>
    /// <param name="datagramLength">The length of each, more than a salt's; only the last may be shorter.</param>
    /// <param name="secret">The secret.</param>
    /// <param name="way">How; null takes the best of this processor.</param>
    public static void Mask(Span<byte> datagrams, int datagramLength, ulong secret, Way? way = null)
    {
        Span<ulong> salts = stackalloc ulong[Count];
        salts.Clear();
        int count = 0;
        for (int at = 0; at < datagrams.Length; at += datagramLength, count++)
        {
            if (datagrams.Length - at >= TubusMask.SaltLength)
                salts[count] = BinaryPrimitives.ReadUInt64BigEndian(datagrams[at..]) ^ secret;
        }

        int last = datagrams.Length - ((count - 1) * datagramLength);
        Lanes lanes = new(ref MemoryMarshal.GetReference(datagrams), datagramLength, count, last);
        if (way is not null) way(lanes, salts, secret);
        else if (Avx512BW.IsSupported) Mask512(lanes, salts, secret);
        else if (Avx2.IsSupported) Mask256(lanes, salts, secret);
        else MaskWords(lanes, salts, secret);
    }

    internal static void Mask512(in Lanes lanes, ReadOnlySpan<ulong> salts, ulong secret)
    {
        const int Run = 8 * WordLength; // octets of each datagram in one round
        Vector512<byte> swap = Vector512.Create(Vector256.Create(Swap, Swap), Vector256.Create(Swap, Swap));
        Vector512<ulong> salt = Vector512.Create(salts);
        Vector512<ulong> swapped = Avx512BW.Shuffle(salt.AsByte(), swap).AsUInt64();
        Vector512<ulong> state = Vector512.Create(secret);
        Span<byte> rows = stackalloc byte[Count * Run];
        ref byte row = ref MemoryMarshal.GetReference(rows);
        ref byte first = ref lanes.First;
        nint distance = lanes.Distance;
        int whole = lanes.Whole - Run;
        int longest = lanes.Longest;
        for (int at = 0; at < longest; at += Run)
        {
            Vector512<ulong> s0 = state = Next(state, salt, swapped, swap);
            Vector512<ulong> s1 = state = Next(state, salt, swapped, swap);
            Vector512<ulong> s2 = state = Next(state, salt, swapped, swap);
            Vector512<ulong> s3 = state = Next(state, salt, swapped, swap);
            Vector512<ulong> s4 = state = Next(state, salt, swapped, swap);
            Vector512<ulong> s5 = state = Next(state, salt, swapped, swap);
            Vector512<ulong> s6 = state = Next(state, salt, swapped, swap);
            Vector512<ulong> s7 = state = Next(state, salt, swapped, swap);

            // Pairs of words of lane 2k in the k-th 128 bits of the even ones, of lane 2k + 1 in the odd ones.
            Vector512<ulong> e0 = Avx512F.UnpackLow(s0, s1), o0 = Avx512F.UnpackHigh(s0, s1);
            Vector512<ulong> e1 = Avx512F.UnpackLow(s2, s3), o1 = Avx512F.UnpackHigh(s2, s3);
            Vector512<ulong> e2 = Avx512F.UnpackLow(s4, s5), o2 = Avx512F.UnpackHigh(s4, s5);
            Vector512<ulong> e3 = Avx512F.UnpackLow(s6, s7), o3 = Avx512F.UnpackHigh(s6, s7);
            Turn(ref e0, ref e1, ref e2, ref e3);
            Turn(ref o0, ref o1, ref o2, ref o3);
            if (at <= whole)
            {
                ref byte data = ref Unsafe.Add(ref first, at);
                data = ref Xor(ref data, e0, distance);
                data = ref Xor(ref data, o0, distance);
                data = ref Xor(ref data, e1, distance);
                data = ref Xor(ref data, o1, distance);
                data = ref Xor(ref data, e2, distance);
                data = ref Xor(ref data, o2, distance);
                data = ref Xor(ref data, e3, distance);
                Xor(ref data, o3, 0);
            }
            else
            {
                e0.AsByte().StoreUnsafe(ref row);
                o0.AsByte().StoreUnsafe(ref row, 1 * Run);
                e1.AsByte().StoreUnsafe(ref row, 2 * Run);
                o1.AsByte().StoreUnsafe(ref row, 3 * Run);
                e2.AsByte().StoreUnsafe(ref row, 4 * Run);
                o2.AsByte().StoreUnsafe(ref row, 5 * Run);
                e3.AsByte().StoreUnsafe(ref row, 6 * Run);
                o3.AsByte().StoreUnsafe(ref row, 7 * Run);
                lanes.XorRows(at, rows, Run);
            }
        }
    }

    internal static void Mask256(in Lanes lanes, ReadOnlySpan<ulong> salts, ulong secret)
    {
        const int Run = 4 * WordLength; // octets of each datagram in one round
        Vector256<byte> swap = Vector256.Create(Swap, Swap);
        Vector256<ulong> lowSalt = Vector256.Create(salts), highSalt = Vector256.Create(salts[4..]);
        Vector256<ulong> lowSwapped = Avx2.Shuffle(lowSalt.AsByte(), swap).AsUInt64();
        Vector256<ulong> highSwapped = Avx2.Shuffle(highSalt.AsByte(), swap).AsUInt64();
        Vector256<ulong> low = Vector256.Create(secret), high = low;
        Span<byte> rows = stackalloc byte[Count * Run];
        ref byte row = ref MemoryMarshal.GetReference(rows);
        ref byte first = ref lanes.First;
        nint distance = lanes.Distance;
        int whole = lanes.Whole - Run;
        int longest = lanes.Longest;
        for (int at = 0; at < longest; at += Run)
        {
            // Two registers, so that one works while the other waits for itself.
            Vector256<ulong> a0 = low = Next(low, lowSalt, lowSwapped, swap), b0 = high = Next(high, highSalt, highSwapped, swap);
            Vector256<ulong> a1 = low = Next(low, lowSalt, lowSwapped, swap), b1 = high = Next(high, highSalt, highSwapped, swap);
            Vector256<ulong> a2 = low = Next(low, lowSalt, lowSwapped, swap), b2 = high = Next(high, highSalt, highSwapped, swap);
            Vector256<ulong> a3 = low = Next(low, lowSalt, lowSwapped, swap), b3 = high = Next(high, highSalt, highSwapped, swap);
            Turn(ref a0, ref a1, ref a2, ref a3);
            Turn(ref b0, ref b1, ref b2, ref b3);
            if (at <= whole)
            {
                ref byte data = ref Unsafe.Add(ref first, at);
                data = ref Xor(ref data, a0, distance);
                data = ref Xor(ref data, a1, distance);
                data = ref Xor(ref data, a2, distance);
                data = ref Xor(ref data, a3, distance);
                data = ref Xor(ref data, b0, distance);
                data = ref Xor(ref data, b1, distance);
                data = ref Xor(ref data, b2, distance);
                Xor(ref data, b3, 0);
            }
            else
            {
                a0.AsByte().StoreUnsafe(ref row);
                a1.AsByte().StoreUnsafe(ref row, 1 * Run);
                a2.AsByte().StoreUnsafe(ref row, 2 * Run);
                a3.AsByte().StoreUnsafe(ref row, 3 * Run);
                b0.AsByte().StoreUnsafe(ref row, 4 * Run);
                b1.AsByte().StoreUnsafe(ref row, 5 * Run);
                b2.AsByte().StoreUnsafe(ref row, 6 * Run);
                b3.AsByte().StoreUnsafe(ref row, 7 * Run);
                lanes.XorRows(at, rows, Run);
            }
        }
    }

    /// <summary>Four chains at a time in ordinary registers.</summary>
    internal static void MaskWords(in Lanes lanes, ReadOnlySpan<ulong> salts, ulong secret)
    {
        const int Together = 4;
        Span<byte> rows = stackalloc byte[Together * WordLength];
        for (int lane = 0; lane < Count; lane += Together)
        {
            Lanes some = lanes.From(lane);
            ulong t0 = salts[lane], t1 = salts[lane + 1], t2 = salts[lane + 2], t3 = salts[lane + 3];
            ulong s0 = secret, s1 = secret, s2 = secret, s3 = secret;
            ref byte data = ref some.First;
            nint distance = some.Distance;
            int whole = some.WholeOf(Together) - WordLength;
            int longest = some.Longest;
            for (int at = 0; at < longest; at += WordLength)
            {
                s0 = TubusMask.Next(s0, t0);
                s1 = TubusMask.Next(s1, t1);
                s2 = TubusMask.Next(s2, t2);
                s3 = TubusMask.Next(s3, t3);
                if (at <= whole)
                {
                    Xor(ref Unsafe.Add(ref data, at), s0);
                    Xor(ref Unsafe.Add(ref data, at + distance), s1);
                    Xor(ref Unsafe.Add(ref data, at + (2 * distance)), s2);
                    Xor(ref Unsafe.Add(ref data, at + (3 * distance)), s3);
                }
                else
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(rows, s0);
                    BinaryPrimitives.WriteUInt64LittleEndian(rows[WordLength..], s1);
                    BinaryPrimitives.WriteUInt64LittleEndian(rows[(2 * WordLength)..], s2);
                    BinaryPrimitives.WriteUInt64LittleEndian(rows[(3 * WordLength)..], s3);
                    some.XorRows(at, rows, WordLength);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Next(
        Vector512<ulong> state, Vector512<ulong> salt, Vector512<ulong> swapped, Vector512<byte> swap)
    {
        Vector512<ulong> sum = state + salt;
        Vector512<ulong> turned = Avx512F.RotateRightVariable(sum, sum | Vector512<ulong>.One); // Counts are taken modulo 64.
        return Avx512BW.Shuffle(turned.AsByte(), swap).AsUInt64() ^ swapped;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Next(Vector256<ulong> state, Vector256<ulong> salt, Vector256<ulong> swapped, Vector256<byte> swap)
    {
        Vector256<ulong> sum = state + salt;
        Vector256<ulong> right = (sum & Vector256.Create(63UL)) | Vector256<ulong>.One;
        Vector256<ulong> left = Vector256.Create(64UL) - right; // Odd as well, so neither shift is by nothing.
        Vector256<ulong> turned = Avx2.ShiftRightLogicalVariable(sum, right) | Avx2.ShiftLeftLogicalVariable(sum, left);
        return Avx2.Shuffle(turned.AsByte(), swap).AsUInt64() ^ swapped;
    }

    /// <summary>Transposes a square of four times four parts of 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(ref Vector512<ulong> a, ref Vector512<ulong> b, ref Vector512<ulong> c, ref Vector512<ulong> d)
    {
        Vector512<ulong> ab01 = Avx512F.Shuffle4x128(a, b, 0x44), ab23 = Avx512F.Shuffle4x128(a, b, 0xEE);
        Vector512<ulong> cd01 = Avx512F.Shuffle4x128(c, d, 0x44), cd23 = Avx512F.Shuffle4x128(c, d, 0xEE);
        a = Avx512F.Shuffle4x128(ab01, cd01, 0x88);
        b = Avx512F.Shuffle4x128(ab01, cd01, 0xDD);
        c = Avx512F.Shuffle4x128(ab23, cd23, 0x88);
        d = Avx512F.Shuffle4x128(ab23, cd23, 0xDD);
    }

    /// <summary>Transposes a square of four times four words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(ref Vector256<ulong> a, ref Vector256<ulong> b, ref Vector256<ulong> c, ref Vector256<ulong> d)
    {
        Vector256<ulong> abEven = Avx2.UnpackLow(a, b), abOdd = Avx2.UnpackHigh(a, b);
        Vector256<ulong> cdEven = Avx2.UnpackLow(c, d), cdOdd = Avx2.UnpackHigh(c, d);
        a = Avx2.Permute2x128(abEven, cdEven, 0x20);
        b = Avx2.Permute2x128(abOdd, cdOdd, 0x20);
        c = Avx2.Permute2x128(abEven, cdEven, 0x31);
        d = Avx2.Permute2x128(abOdd, cdOdd, 0x31);
    }

    /// <summary>Masks a run of one datagram.</summary>
    /// <returns>The same place of the next one.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte Xor(ref byte data, Vector512<ulong> mask, nint distance)
    {
        (Vector512.LoadUnsafe(ref data) ^ mask.AsByte()).StoreUnsafe(ref data);
        return ref Unsafe.Add(ref data, distance);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte Xor(ref byte data, Vector256<ulong> mask, nint distance)
    {
        (Vector256.LoadUnsafe(ref data) ^ mask.AsByte()).StoreUnsafe(ref data);
        return ref Unsafe.Add(ref data, distance);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Xor(ref byte data, ulong state) =>
        Unsafe.WriteUnaligned(ref data, Unsafe.ReadUnaligned<ulong>(ref data) ^ TubusMask.InMemory(state));

    /// <summary>Where the datagrams of the lanes lie, without their salts.</summary>
    internal readonly ref struct Lanes(ref byte datagrams, int distance, int count, int last)
    {
        private readonly ref byte _datagrams = ref datagrams;

        /// <summary>The first octet behind the salt of the first one.</summary>
        public ref byte First => ref Unsafe.Add(ref _datagrams, TubusMask.SaltLength);

        /// <summary>From one datagram to the next.</summary>
        public int Distance => distance;

        /// <summary>The octets behind the salt of all but the last.</summary>
        public int Longest { get; } = count > 1 ? distance - TubusMask.SaltLength : last - TubusMask.SaltLength;

        /// <summary>So many octets every lane has; none while there are lanes without a datagram.</summary>
        public int Whole => WholeOf(Count);

        private int Last => last - TubusMask.SaltLength;

        /// <summary>So many octets each of the first lanes has.</summary>
        public int WholeOf(int lanes) => count > lanes ? Longest : count == lanes ? Last : 0;

        /// <summary>The lanes without the first ones.</summary>
        public Lanes From(int lane) =>
            lane < count ? new(ref Unsafe.Add(ref _datagrams, lane * distance), distance, count - lane, last) : default;

        /// <summary>Masks what each lane still has of one round.</summary>
        public void XorRows(int at, ReadOnlySpan<byte> rows, int run)
        {
            for (int lane = 0; lane < count && lane * run < rows.Length; lane++)
            {
                int length = Math.Min((lane == count - 1 ? Last : Longest) - at, run);
                if (length <= 0) continue;
                Span<byte> data = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref First, (lane * distance) + at), length);
                ReadOnlySpan<byte> mask = rows.Slice(lane * run, length);
                for (; data.Length >= WordLength; data = data[WordLength..], mask = mask[WordLength..])
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(
                        data, BinaryPrimitives.ReadUInt64LittleEndian(data) ^ BinaryPrimitives.ReadUInt64LittleEndian(mask));
                }

                for (int i = 0; i < data.Length; i++) data[i] ^= mask[i];
            }
        }
    }
}
