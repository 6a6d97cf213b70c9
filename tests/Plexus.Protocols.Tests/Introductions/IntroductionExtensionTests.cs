using System.Globalization;
using System.Text;
using CsCheck;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Introductions;

public sealed class IntroductionExtensionTests
{
    private const string Page = "introduction.md";
    private const string Plain = "8400920100010302ce6b03c2e003c410f99ccffb55584ac9343087deeb95c78f";

    private static readonly IntroductionOccasion Occasion = new(
        IntroductionKind.Invitation, "myapp", Convert.FromHexString("30030102aa"), Convert.FromHexString("30030102bb"));

    private static readonly IntroductionExtension Sample = new(3, 1795408608, Occasion.Bind());

    [Fact]
    public void The_page_shows_true_bindings()
    {
        List<string[]> rows = DocumentTable.Read(Page, r => r.Length == 6 && r[0] is ("0" or "1" or "2"));
        Assert.Equal(3, rows.Count);
        foreach (string[] row in rows)
        {
            IntroductionOccasion occasion = new(
                (IntroductionKind)int.Parse(row[0], CultureInfo.InvariantCulture),
                row[1],
                Convert.FromHexString(row[2]),
                Convert.FromHexString(row[3]),
                row[4].Length == 0 ? null : new Puzzle(ulong.Parse(row[4], CultureInfo.InvariantCulture)));
            Assert.Equal(row[5], occasion.Bind().ToString("x32", CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void The_page_shows_true_extensions()
    {
        List<string[]> rows = DocumentTable.Read(Page, r => r.Length == 4 && r[0].StartsWith('8'));
        Assert.Equal(3, rows.Count);
        foreach (string[] row in rows)
        {
            byte[] bytes = Convert.FromHexString(row[0].Split('`')[0]);
            Assert.Equal(ExtensionReading.Readable, IntroductionExtension.Read(bytes, out IntroductionExtension? read));
            Assert.Equal(row[1], read!.Capabilities.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(row[2], read.Time.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(row[3], read.Binding.ToString("x32", CultureInfo.InvariantCulture));
            if (bytes[0] == 0x84) Assert.Equal(bytes, read.Write());
        }
    }

    [Fact]
    public void The_page_shows_the_true_plain_bytes_of_a_value()
    {
        string[] row = Assert.Single(DocumentTable.Read(Page, r => r[0].StartsWith("d930", StringComparison.Ordinal)));
        byte[] plain = Convert.FromHexString(row[0]);
        Assert.Equal(plain, PackedText.Pack(row[1], Sample.Write()));
        Assert.True(PackedText.TryUnpack(plain, out string text, out ReadOnlySpan<byte> extension));
        Assert.Equal(row[1], text);
        Assert.Equal(Plain, Convert.ToHexStringLower(extension));
    }

    [Fact]
    public void The_page_names_the_signed_attribute()
    {
        string page = File.ReadAllText(DocumentTable.PathOf(Page));
        Assert.Contains($"`{IntroductionExtension.SignedAttribute}`", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "Absent")]
    [InlineData("c0", "Absent")]
    [InlineData("a6706c65787573", "Absent")] // Somebody else's.
    [InlineData("80", "Malformed")]
    [InlineData(Plain, "Readable")]
    [InlineData(Plain + "00", "Malformed")] // Something behind.
    [InlineData("8500920109010302ce6b03c2e003c410f99ccffb55584ac9343087deeb95c78fcd010081a16101", "Readable")] // Unknown keys.
    [InlineData("8500920100010302ce6b03c2e003c410f99ccffb55584ac9343087deeb95c78f03c0", "Malformed")] // A key comes twice.
    [InlineData("8500920100000001030201" + "03c410f99ccffb55584ac9343087deeb95c78f", "Malformed")] // The version comes twice.
    [InlineData("84010300920100" + "02ce6b03c2e003c410f99ccffb55584ac9343087deeb95c78f", "Malformed")] // The version is not the first.
    [InlineData("83010302ce6b03c2e003c410f99ccffb55584ac9343087deeb95c78f", "Malformed")] // No version.
    [InlineData("8300920100" + "02ce6b03c2e003c410f99ccffb55584ac9343087deeb95c78f", "Malformed")] // No capabilities.
    [InlineData("8400920100010302ce6b03c2e003c40ff99ccffb55584ac9343087deeb95c7", "Malformed")] // A short binding.
    [InlineData("840092010001ff02ce6b03c2e003c410f99ccffb55584ac9343087deeb95c78f", "Malformed")] // Negative capabilities.
    [InlineData("8400920000010302ce6b03c2e003c410f99ccffb55584ac9343087deeb95c78f", "Malformed")] // A version 0.
    [InlineData("84000101030201" + "03c410f99ccffb55584ac9343087deeb95c78f", "Malformed")] // A version that is no array.
    [InlineData("840093010000010302ce6b03c2e003c410f99ccffb55584ac9343087deeb95c78f", "Malformed")] // Three numbers.
    [InlineData("8200920200" + "01c0", "Newer")] // Of the next major version nothing but the version is known.
    [InlineData("84a3766572920100010302ce6b03c2e003c410f99ccffb55584ac9343087deeb95c78f", "Malformed")] // A text as a key.
    public void What_follows_the_text_is_an_extension_or_is_not(string hex, string expected) =>
        Assert.Equal(expected, IntroductionExtension.Read(Convert.FromHexString(hex), out _).ToString());

    [Theory] // How many arrays lie within one another, inside the map.
    [InlineData(6, true)]
    [InlineData(7, false)]
    [InlineData(900, false)]
    public void Containers_may_not_nest_too_deep(int depth, bool isRead)
    {
        byte[] packed = [.. Convert.FromHexString(Plain), 4, .. Enumerable.Repeat((byte)0x91, depth - 1), 0x90];
        packed[0] = 0x85;
        Assert.Equal(
            isRead ? ExtensionReading.Readable : ExtensionReading.Malformed, IntroductionExtension.Read(packed, out _));
    }

    [Theory]
    [InlineData(1_024, true)]
    [InlineData(1_025, false)]
    public void An_extension_may_not_be_too_long(int length, bool isRead)
    {
        int padding = length - 32 - 1 - 3;
        byte[] packed = [.. Convert.FromHexString(Plain), 4, 0xc5, (byte)(padding >> 8), (byte)padding, .. new byte[padding]];
        packed[0] = 0x85;
        Assert.Equal(length, packed.Length);
        Assert.Equal(
            isRead ? ExtensionReading.Readable : ExtensionReading.Malformed, IntroductionExtension.Read(packed, out _));
    }

    [Fact]
    public void Extensions_that_are_cut_or_changed_do_not_throw()
    {
        byte[] valid = Sample.Write();
        for (int length = 0; length < valid.Length; length++)
            Assert.NotEqual(ExtensionReading.Readable, IntroductionExtension.Read(valid.AsSpan(0, length), out _));
        for (int i = 0; i < valid.Length; i++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] changed = [.. valid];
                changed[i] = (byte)value;
                ExtensionReading reading = IntroductionExtension.Read(changed, out IntroductionExtension? read);
                Assert.Equal(reading == ExtensionReading.Readable, read is not null);
            }
        }

        Gen.Byte.Array[0, 80].Sample(bytes => IntroductionExtension.Read(bytes, out _) >= 0);
        Gen.Byte.Array[0, 80].Sample(bytes => IntroductionExtension.Read([.. valid.AsSpan(0, valid.Length - 18), .. bytes], out _) >= 0);
    }

    [Fact]
    public void What_is_written_is_read_again() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong, Gen.ULong).Sample((capabilities, time, high, low) =>
        {
            IntroductionExtension written = new(capabilities, time, new UInt128(high, low));
            Assert.Equal(ExtensionReading.Readable, IntroductionExtension.Read(written.Write(), out IntroductionExtension? read));
            Assert.Equal(written, read);
        });

    [Fact]
    public void Each_part_of_an_occasion_makes_another_binding()
    {
        IntroductionOccasion[] occasions =
        [
            Occasion,
            Occasion with { Kind = IntroductionKind.Answer },
            Occasion with { Application = "myap" },
            Occasion with { Application = "myapp2" },
            Occasion with { Sender = Occasion.Recipient },
            Occasion with { Recipient = Occasion.Sender },
            Occasion with { Sender = Occasion.Recipient, Recipient = Occasion.Sender },
            Occasion with { Answered = new Puzzle(0) },
            Occasion with { Answered = new Puzzle(1) },
            // What one part loses, the next one gains.
            Occasion with { Application = "myapp\u0030", Sender = Encoding.ASCII.GetBytes("a") },
            Occasion with { Application = "myapp", Sender = Encoding.ASCII.GetBytes("0a") },
        ];
        Assert.Equal(occasions.Length, occasions.Select(o => o.Bind()).Distinct().Count());
    }
}
