using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

public sealed class TubusPacketTests
{
    private const string Header = "00000000000000000909010200000007";

    [Theory] // Sections that are not well formed end the list; those before them count.
    [InlineData("00020000", 1, false)]
    [InlineData("0002000000", 1, false)] // A tail of less than a header.
    [InlineData("00020000000000000a", 1, false)] // Type 0 ends the list.
    [InlineData("000200000003", 1, false)]
    [InlineData("0002000000030001", 1, true)] // Longer than the datagram.
    [InlineData("000200000003000100", 1, true)] // A link echo has no value.
    [InlineData("00060007000000000000000002", 0, true)] // A number has eight octets.
    [InlineData("0006000900000000000000000102", 0, true)]
    [InlineData("000800080000000000000000", 0, true)] // A move without data.
    [InlineData("00080009000000000000000001", 1, false)]
    [InlineData("000800100000000000000000", 0, true)]
    [InlineData("0063000212340002000000630000", 3, false)] // Unknown types are skipped.
    [InlineData("0063ffff12340002000000630000", 0, true)]
    [InlineData("504200080000000000000001", 1, false)]
    [InlineData("5042000900000000000000010000000000000000", 0, true)]
    [InlineData("504200180000000000000001000000000000000200000000000000030002000", 1, false)]
    public void Sections_are_read_up_to_the_first_bad_one(string sections, int count, bool isMalformed)
    {
        byte[] datagram = Convert.FromHexString(Header + sections[..(sections.Length & ~1)]);
        Assert.True(TubusPacket.TryRead(datagram, out TubusPacket packet));
        TubusSections walk = packet.Sections;
        int read = 0;
        while (walk.MoveNext()) read++;
        Assert.Equal((count, isMalformed), (read, walk.IsMalformed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000000000000000909010200000007")] // Just a header.
    [InlineData("0000000000000000090901010000000700020000")] // Version 1.1.
    [InlineData("0000000000000000090901030000000700020000")]
    [InlineData("0000000000000000090801020000000700020000")]
    [InlineData("0000000000000000090901020000000000020000")] // A pin of zero.
    public void What_is_no_datagram_of_version_1_2_is_not_read(string datagram) =>
        Assert.False(TubusPacket.TryRead(Convert.FromHexString(datagram), out _));

    [Fact]
    public void What_is_written_is_read()
    {
        byte[] buffer = new byte[100];
        TubusWriter writer = new(buffer, 77);
        Assert.True(writer.IsEmpty);
        writer.Write(TubusSectionType.Link);
        writer.Write(TubusSectionType.Edge, 5242880);
        "hello"u8.CopyTo(writer.WriteMove(long.MaxValue, 5));
        Assert.Equal(16 + 4 + 12 + 17, writer.Length);
        Assert.Equal(
            "000000000000000009090102" + "0000004d" + "00020000" + "000a00080000000000500000" + "0008000d7fffffffffffffff68656c6c6f",
            Convert.ToHexStringLower(buffer.AsSpan(0, writer.Length)));
        writer.Fill(100);
        Assert.Equal(0, writer.Room);
        Assert.True(TubusPacket.TryRead(buffer, out TubusPacket packet));
        TubusSections sections = packet.Sections;
        Assert.True(sections.MoveNext() && sections.MoveNext() && sections.MoveNext());
        Assert.Equal((TubusSectionType.Move, (ulong)long.MaxValue), (sections.Type, sections.Number));
        Assert.Equal("hello"u8.ToArray(), sections.Data.ToArray());
        Assert.False(sections.MoveNext());
        Assert.False(sections.IsMalformed);
    }
}
