using System.Text.Json;
using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>What libtubus 1.2.3 sent: shared/vectors/tubus, copied to TestData/tubus.</summary>
public sealed class TubusVectorTests
{
    public static TheoryData<string> Captures =>
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "TestData", "tubus"), "*.jsonl").Order().Select(f => Path.GetFileName(f))];

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_captured_datagram_is_read_and_written_again_byte_for_byte(string file)
    {
        int count = 0;
        foreach (JsonElement packet in Read(file, out _))
        {
            byte[] plain = Convert.FromHexString(packet.TryGetProperty("plain_hex", out JsonElement hex) ? hex.GetString()! : packet.GetProperty("hex").GetString()!);
            Assert.True(TubusPacket.TryRead(plain, out TubusPacket read));
            Assert.Equal(packet.GetProperty("pin").GetUInt32(), read.Pin);
            byte[] again = new byte[plain.Length];
            TubusWriter writer = new(again, read.Pin);
            TubusSections sections = read.Sections;
            foreach (JsonElement section in packet.GetProperty("sections").EnumerateArray())
            {
                Assert.True(sections.MoveNext());
                Check(section, sections, ref writer);
            }

            Assert.False(sections.MoveNext());
            Assert.False(sections.IsMalformed);
            Assert.Equal(plain.Length - (packet.GetProperty("tail_hex").GetString()!.Length / 2), writer.Length);
            Assert.Equal(plain, again);
            count++;
        }

        Assert.InRange(count, 15, 30);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_captured_mask_comes_off_and_goes_on_again(string file)
    {
        int count = 0;
        foreach (JsonElement packet in Read(file, out ulong secret))
        {
            if (secret == 0) return; // Nothing is masked in it.
            byte[] wire = Convert.FromHexString(packet.GetProperty("hex").GetString()!);
            byte[] plain = Convert.FromHexString(packet.GetProperty("plain_hex").GetString()!);
            byte[] work = [.. wire];
            TubusMask.Remove(work, secret);
            Assert.Equal(plain, work);
            TubusMask.Apply(work, secret, packet.GetProperty("salt").GetUInt64());
            Assert.Equal(wire, work);
            count++;
        }

        Assert.InRange(count, 15, 30);
    }

    internal static IEnumerable<JsonElement> Read(string file, out ulong secret)
    {
        string[] lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "TestData", "tubus", file));
        secret = JsonDocument.Parse(lines[0]).RootElement.GetProperty("secret").GetUInt64();
        return lines.Skip(1).Select(l => JsonDocument.Parse(l).RootElement);
    }

    private static void Check(JsonElement expected, TubusSections section, ref TubusWriter writer)
    {
        Assert.Equal(expected.GetProperty("type").GetInt32(), (int)section.Type);
        if (section.Type == TubusSectionType.Move)
        {
            Assert.Equal(expected.GetProperty("handle").GetUInt64(), section.Number);
            Assert.Equal(expected.GetProperty("data_len").GetInt32(), section.Data.Length);
            string start = expected.GetProperty("data_hex").GetString()!.TrimEnd('.');
            Assert.StartsWith(start, Convert.ToHexStringLower(section.Data), StringComparison.Ordinal);
            section.Data.CopyTo(writer.WriteMove((long)section.Number, section.Data.Length));
        }
        else if (expected.TryGetProperty("value", out JsonElement value))
        {
            Assert.Equal(value.GetUInt64(), section.Number);
            writer.Write(section.Type, section.Number);
        }
        else
        {
            writer.Write(section.Type);
        }
    }
}
