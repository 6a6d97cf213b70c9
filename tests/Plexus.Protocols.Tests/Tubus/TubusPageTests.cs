using System.Globalization;
using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>docs/protocols/tubus.md.</summary>
public sealed class TubusPageTests
{
    [Fact]
    public void The_page_shows_true_datagrams()
    {
        List<string[]> rows = DocumentTable.Read("tubus.md", r => r.Length == 2 && r[1].Contains("09090102", StringComparison.Ordinal));
        string[] expected =
        [
            "Link 0; Edge 5242880",
            "LinkEcho 0; Edge 5242880; EdgeEcho 5242880",
            "Move 0 hello",
            "MoveEcho 0",
            "Link 0; Extension 0",
            "Arrived 1000 2000-3000",
            "Final 5; Tear 0",
        ];
        Assert.Equal(expected, rows.Select(r => Tell(FromHex(r[1]))));
    }

    [Fact]
    public void The_page_shows_true_masks()
    {
        List<string[]> rows = DocumentTable.Read("tubus.md", r => r.Length == 4 && ulong.TryParse(r[0], out _));
        Assert.Equal(2, rows.Count);
        foreach (string[] row in rows)
        {
            ulong secret = ulong.Parse(row[0], CultureInfo.InvariantCulture);
            byte[] datagram = FromHex(row[2]);
            TubusMask.Apply(datagram, secret, ulong.Parse(row[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            Assert.Equal(FromHex(row[3]), datagram);
            OriginalMask.Remove(datagram, secret);
            Assert.Equal(FromHex(row[2]), datagram);
        }
    }

    [Fact]
    public void The_page_names_the_types_that_there_are()
    {
        List<string[]> rows = DocumentTable.Read("tubus.md", r => r.Length is 2 or 3 && r[0].Length > 0 && char.IsAsciiDigit(r[0][0]));
        IEnumerable<int> types = rows.SelectMany(r => r[0].Split(", ")).Select(
            t => t.StartsWith("0x", StringComparison.Ordinal) ? Convert.ToInt32(t, 16) : int.Parse(t, CultureInfo.InvariantCulture));
        Assert.Equal(Enum.GetValues<TubusSectionType>().Where(t => t != TubusSectionType.None).Select(t => (int)t).Order(), types.Order());
    }

    private static byte[] FromHex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));

    private static string Tell(byte[] datagram)
    {
        Assert.True(TubusPacket.TryRead(datagram, out TubusPacket packet));
        List<string> told = [];
        TubusSections sections = packet.Sections;
        while (sections.MoveNext())
        {
            string data = sections.Type switch
            {
                TubusSectionType.Move => " " + System.Text.Encoding.ASCII.GetString(sections.Data),
                TubusSectionType.Arrived => $" {Number(sections.Data)}-{Number(sections.Data[8..])}",
                _ => "",
            };
            told.Add($"{sections.Type} {sections.Number}{data}");
        }

        Assert.False(sections.IsMalformed);
        return string.Join("; ", told);
    }

    private static ulong Number(ReadOnlySpan<byte> data) => System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(data);
}
