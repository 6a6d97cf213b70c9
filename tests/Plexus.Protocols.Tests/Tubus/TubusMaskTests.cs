using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;
using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

public sealed class TubusMaskTests
{
    private const ulong Secret = 1234567890;
    private const ulong Salt = 0x0f1e2d3c4b5a6978;

    [Theory] // docs/protocols/tubus.md, checked against upstream's routine.
    [InlineData(
        "0000000000000000090901020000000100020000000a000800000000005000000008000d000000000000000068656c6c6f",
        "0f1e2d3c02cc6baa8f56cffbecc8f7740537c16ec101f88da7afead19bd69a94359c1f0e0c2b0ec8cd5c5ef3ce51bc7649")]
    [InlineData("0000000000000000090901020000000700020000", "0f1e2d3c02cc6baa8f56cffbecc8f7720537c16e")]
    public void The_worked_examples_come_out(string plain, string wire)
    {
        byte[] datagram = Convert.FromHexString(plain);
        TubusMask.Apply(datagram, Secret, Salt);
        Assert.Equal(wire, Convert.ToHexStringLower(datagram));
        TubusMask.Remove(datagram, Secret);
        Assert.Equal(plain, Convert.ToHexStringLower(datagram));
    }

    [Fact]
    public void Every_way_side_by_side_does_the_same_as_one_after_another()
    {
        Random random = new(1);
        List<TubusMaskLanes.Way?> ways = [null, TubusMaskLanes.MaskWords];
        if (Avx2.IsSupported) ways.Add(TubusMaskLanes.Mask256);
        if (Avx512BW.IsSupported) ways.Add(TubusMaskLanes.Mask512);
        for (int i = 0; i < 4000; i++)
        {
            int length = random.Next(9, i % 10 == 0 ? 3000 : 200);
            int count = random.Next(1, TubusMaskLanes.Count + 1);
            byte[] datagrams = new byte[((count - 1) * length) + random.Next(1, length + 1)];
            random.NextBytes(datagrams);
            ulong secret = (ulong)random.NextInt64();
            byte[] expected = [.. datagrams];
            for (int at = 0; at < expected.Length; at += length)
            {
                Span<byte> datagram = expected.AsSpan(at, Math.Min(length, expected.Length - at));
                if (datagram.Length > 8) TubusMask.Mask(datagram[8..], secret, BinaryPrimitives.ReadUInt64BigEndian(datagram) ^ secret);
            }

            foreach (TubusMaskLanes.Way? way in ways)
            {
                byte[] work = [.. datagrams];
                TubusMaskLanes.Mask(work, length, secret, way);
                Assert.Equal(expected, work);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(20)]
    [InlineData(64)]
    public void A_batch_comes_off_as_it_went_on(int count)
    {
        Random random = new(count);
        const int Length = 1406;
        byte[] plain = new byte[(count * Length) - 300];
        random.NextBytes(plain);
        for (int at = 0; at < plain.Length; at += Length) plain.AsSpan(at, 8).Clear();
        byte[] work = [.. plain];
        TubusMask.Apply(work, Length, Secret, () => (ulong)random.NextInt64());
        Assert.NotEqual(plain, work);
        for (int at = 0; at < plain.Length; at += Length)
        {
            byte[] one = work[at..Math.Min(at + Length, work.Length)];
            TubusMask.Remove(one, Secret);
            Assert.Equal(plain[at..Math.Min(at + Length, plain.Length)], one);
        }

        TubusMask.Remove(work, Length, Secret);
        Assert.Equal(plain, work);
    }

    [Fact]
    public void No_salt_looks_like_no_mask()
    {
        Queue<ulong> random = new([0, Secret - 1, 5, 6]);
        byte[] datagram = new byte[20];
        TubusMask.Apply(datagram, 20, Secret, () => random.Dequeue()); // Zero is no salt, and (secret - 1) | 1 is not the secret, which is even.
        Assert.NotEqual(0UL, BinaryPrimitives.ReadUInt64BigEndian(datagram));
        Assert.False(TubusMask.IsSalt(0, Secret));
        Assert.False(TubusMask.IsSalt(Secret, Secret));
    }

    [Fact]
    public void Whatever_comes_nothing_throws()
    {
        Random random = new(7);
        for (int length = 0; length < 100; length++)
        {
            for (int datagramLength = 1; datagramLength < 40; datagramLength++)
            {
                byte[] datagrams = new byte[length];
                random.NextBytes(datagrams);
                TubusMask.Remove(datagrams, datagramLength, Secret);
            }

            TubusMask.Remove(new byte[length], Secret);
        }
    }
}
