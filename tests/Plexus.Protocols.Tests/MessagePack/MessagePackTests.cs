using System.Buffers;
using System.Text;
using CsCheck;
using Plexus.Protocols.MessagePack;
using Oracle = Nerdbank.MessagePack;

namespace Plexus.Protocols.Tests.MessagePack;

public sealed class MessagePackTests
{
    private static readonly byte[] Heads = [0x81, 0x92, 0xa1, 0xc4, 0xc7, 0xd4, 0xd8, 0xd9, 0xdc, 0xde, 0x00, 0x01];

    private delegate void OracleWrite(ref Oracle.MessagePackWriter writer);

    [Fact]
    public void Integers_are_written_as_another_library_writes_them()
    {
        foreach (ulong value in Boundaries())
        {
            byte[] ours = new MessagePackWriter().Integer(value).ToArray();
            Assert.Equal(Ask((ref w) => w.Write(value)), ours);
            MessagePackReader reader = new(ours);
            Assert.True(reader.TryReadUInt64(out ulong read) && read == value && reader.IsAtEnd);
        }
    }

    [Fact]
    public void Every_width_of_integer_is_read()
    {
        foreach (long value in Boundaries().SelectMany(static v => new[] { (long)v, -(long)(v >> 1) }))
        {
            byte[][] forms =
            [
                Ask((ref w) => w.Write(value)),
                Ask((ref w) => w.WriteInt64(value)),
                .. value is >= int.MinValue and <= int.MaxValue ? new[] { Ask((ref w) => w.WriteInt32((int)value)) } : [],
                .. value is >= sbyte.MinValue and <= sbyte.MaxValue ? new[] { Ask((ref w) => w.WriteInt8((sbyte)value)) } : [],
                .. value is >= 0 and <= ushort.MaxValue ? new[] { Ask((ref w) => w.WriteUInt16((ushort)value)) } : [],
            ];
            foreach (byte[] form in forms)
            {
                MessagePackReader unsigned = new(form);
                Assert.Equal(value >= 0, unsigned.TryReadUInt64(out ulong read));
                if (value >= 0) Assert.Equal((ulong)value, read);
                MessagePackReader signed = new(form);
                Assert.Equal(value is >= int.MinValue and <= int.MaxValue, signed.TryReadInt32(out int narrow));
                if (value is >= int.MinValue and <= int.MaxValue) Assert.Equal(value, narrow);
                MessagePackReader small = new(form);
                Assert.Equal(value is >= 0 and <= ushort.MaxValue, small.TryReadUInt16(out _));
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    public void Texts_binaries_and_heads_are_written_as_another_library_writes_them(int length)
    {
        byte[] bytes = Enumerable.Repeat((byte)'a', length).ToArray();
        byte[] text = new MessagePackWriter(1).String(bytes).ToArray();
        byte[] binary = new MessagePackWriter(1).Binary(bytes).ToArray();
        Assert.Equal(Ask((ref w) => w.WriteString(bytes)), text);
        Assert.Equal(Ask((ref w) => w.Write(bytes)), binary);
        Assert.Equal(Ask((ref w) => w.WriteArrayHeader(length)), new MessagePackWriter(1).Array(length).ToArray());
        Assert.Equal(Ask((ref w) => w.WriteMapHeader(length)), new MessagePackWriter(1).Map(length).ToArray());
        MessagePackReader reader = new(text);
        Assert.True(reader.TryReadString(out ReadOnlySpan<byte> read) && read.SequenceEqual(bytes));
        reader = new MessagePackReader(binary);
        Assert.False(reader.TryReadString(out _));
        Assert.True(reader.TryReadBinary(out read) && read.SequenceEqual(bytes));
    }

    [Fact]
    public void Whatever_the_other_library_skips_is_skipped_to_the_same_place()
    {
        // Random bytes are seldom whole objects; random first bytes with short lengths often are.
        Gen<byte> firsts = Gen.OneOf(Gen.Byte, Gen.Int[0, Heads.Length - 1].Select(static i => Heads[i]));
        firsts.Array[0, 40].Sample(
            static bytes =>
            {
                MessagePackReader reader = new(bytes);
                bool skipped = reader.TrySkip(out ReadOnlySpan<byte> whole);
                int? theirs = SkipWithOracle(bytes);
                Assert.Equal(theirs is not null, skipped);
                Assert.Equal(theirs ?? 0, reader.Position);
                Assert.Equal(theirs ?? 0, whole.Length);
            },
            iter: 20_000);
    }

    [Fact]
    public void A_deep_nest_needs_no_stack()
    {
        byte[] nest = Enumerable.Repeat((byte)0x91, 10_000_000).Append((byte)0xc0).ToArray();
        MessagePackReader reader = new(nest);
        Assert.True(reader.TrySkip());
        Assert.True(reader.IsAtEnd);
    }

    [Theory]
    [InlineData("dd ff ff ff ff")] // An array of 4 G elements without any.
    [InlineData("df ff ff ff ff 00")]
    [InlineData("dc 00 02 00")]
    [InlineData("82 a1 61 01")]
    [InlineData("c6 ff ff ff ff 00")]
    [InlineData("c9 ff ff ff ff 00 00")]
    [InlineData("db 00 00 00 02 61")]
    [InlineData("91 dd ff ff ff ff 00")]
    public void A_count_that_the_bytes_cannot_hold_is_refused(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        MessagePackReader reader = new(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(reader.TrySkip());
        Assert.False(reader.TryReadBlob(out _));
        Assert.False(reader.TryReadMap(out _) && reader.TrySkip() && reader.TrySkip() && reader.TrySkip());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);
    }

    [Fact]
    public void Bytes_are_read_from_all_their_forms()
    {
        foreach (byte[] form in new[] { "\xc4\x02hi", "\xa2hi", "\x92hi" }.Select(Encoding.Latin1.GetBytes))
        {
            Assert.True(new MessagePackReader(form).TryReadBlob(out byte[] read));
            Assert.True(read.AsSpan().SequenceEqual("hi"u8));
        }

        Assert.False(new MessagePackReader([0x92, 0xcd, 0x01, 0x00, 0x01]).TryReadBlob(out _)); // 256 is no byte.
    }

    [Fact]
    public void Entries_with_other_keys_than_texts_are_passed_over()
    {
        MessagePackEntries entries = new([0x83, 0x01, 0x02, 0xa1, (byte)'k', 0x07, 0xc4, 0x01, (byte)'b', 0x08]);
        Assert.True(entries.MoveNext());
        Assert.True(entries.Key.SequenceEqual("k"u8));
        Assert.True(entries.Value.SequenceEqual([(byte)0x07]));
        Assert.False(entries.MoveNext());
        Assert.False(entries.IsMalformed);
    }

    private static IEnumerable<ulong> Boundaries() => Enumerable.Range(0, 64).SelectMany(static bit =>
        new[] { (1UL << bit) - 1, 1UL << bit, (1UL << bit) + 1 }).Append(ulong.MaxValue);

    private static byte[] Ask(OracleWrite write)
    {
        ArrayBufferWriter<byte> buffer = new();
        Oracle.MessagePackWriter writer = new(buffer);
        write(ref writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static int? SkipWithOracle(byte[] bytes)
    {
        Oracle.MessagePackReader reader = new(bytes);
        try
        {
            reader.Skip(new Oracle.SerializationContext());
            return (int)reader.Consumed;
        }
        catch (Exception e) when (e is Oracle.MessagePackSerializationException or EndOfStreamException)
        {
            return null;
        }
    }
}
