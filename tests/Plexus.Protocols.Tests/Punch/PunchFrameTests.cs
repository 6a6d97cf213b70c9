using System.Globalization;
using System.Text.Json;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Punch;

namespace Plexus.Protocols.Tests.Punch;

public sealed class PunchFrameTests
{
    private static readonly SharedSecret Secret = new(17687476512432925332);

    public static TheoryData<string> Captures =>
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "TestData", "handshake"), "*.jsonl").Order().Select(f => Path.GetFileName(f))];

    [Theory] // docs/protocols/handshake.md, the example
    [InlineData(false, "349862d4c87c71e4")]
    [InlineData(true, "359862d4c87c71e5")]
    public void The_example_is_written_and_read(bool heardUs, string wire)
    {
        byte[] frame = new byte[8];
        PunchFrame.Write(frame, Secret, heardUs, 0xFF07F6E5D4C3B2A1);
        Assert.Equal(wire, Convert.ToHexStringLower(frame));
        Assert.True(PunchFrame.TryRead(frame, Secret, out bool flag));
        Assert.Equal(heardUs, flag);
    }

    [Fact]
    public void The_page_about_the_handshake_shows_true_frames()
    {
        List<string[]> rows = DocumentTable.Read("handshake.md", r => r.Length == 4 && ulong.TryParse(r[0], out _));
        Assert.Equal(3, rows.Count);
        foreach (string[] row in rows)
        {
            SharedSecret secret = new(ulong.Parse(row[0], CultureInfo.InvariantCulture));
            Assert.True(PunchFrame.TryRead(Convert.FromHexString(row[3]), secret, out bool heardUs));
            Assert.Equal(row[1] == "1", heardUs);
            byte[] frame = new byte[8];
            PunchFrame.Write(frame, secret, heardUs, BitConverter.ToUInt64(Convert.FromHexString(row[2])));
            Assert.Equal(row[3], Convert.ToHexStringLower(frame));
        }
    }

    [Fact]
    public void A_frame_of_plexus_3_2_3_is_read_with_the_puzzles_of_its_run()
    {
        SharedSecret secret = new Puzzle(78).With(new Puzzle(6148566384363817862));
        Assert.True(PunchFrame.TryRead(Convert.FromHexString("981c9610ba9768e9"), secret, out bool heardUs));
        Assert.False(heardUs);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_captured_frame_is_read(string file)
    {
        string[] lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "TestData", "handshake", file));
        using JsonDocument header = JsonDocument.Parse(lines[0]);
        Puzzle accepting = new(header.RootElement.GetProperty("host_puzzle_accepting_alice").GetUInt64());
        Puzzle inviting = new(header.RootElement.GetProperty("peer_puzzle_inviting_bob").GetUInt64());
        SharedSecret secret = accepting.With(inviting);
        Assert.Equal(header.RootElement.GetProperty("secret").GetUInt64(), secret.Value);
        Assert.True(lines.Length > 3);
        foreach (string line in lines.Skip(1))
        {
            using JsonDocument packet = JsonDocument.Parse(line);
            byte[] frame = Convert.FromHexString(packet.RootElement.GetProperty("hex").GetString()!);
            Assert.True(PunchFrame.TryRead(frame, secret, out bool heardUs), line);
            Assert.Equal(packet.RootElement.GetProperty("flag").GetInt32() == 1, heardUs);
            byte[] clear = Convert.FromHexString(packet.RootElement.GetProperty("unmasked_hex").GetString()!);
            byte[] again = new byte[8];
            PunchFrame.Write(again, secret, heardUs, BitConverter.ToUInt64(clear));
            Assert.Equal(frame, again);
        }
    }

    [Fact]
    public void Short_frames_and_changed_ones_are_refused_and_long_ones_are_cut()
    {
        byte[] frame = Convert.FromHexString("349862d4c87c71e4");
        for (int length = 0; length < 8; length++) Assert.False(PunchFrame.TryRead(frame.AsSpan(0, length), Secret, out _));
        Assert.True(PunchFrame.TryRead([.. frame, 1, 2, 3], Secret, out _));
        for (int i = 0; i < 8; i++)
        {
            for (int change = 1; change < 256; change++)
            {
                byte[] changed = [.. frame];
                changed[i] ^= (byte)change;
                Assert.False(PunchFrame.TryRead(changed, Secret, out _));
            }
        }
    }

    [Fact]
    public void One_random_datagram_of_256_passes()
    {
        Random random = new(1);
        byte[] datagram = new byte[8];
        int passed = 0;
        for (int i = 0; i < 25_600; i++)
        {
            random.NextBytes(datagram);
            if (PunchFrame.TryRead(datagram, Secret, out _)) passed++;
        }

        Assert.InRange(passed, 60, 140);
    }
}
