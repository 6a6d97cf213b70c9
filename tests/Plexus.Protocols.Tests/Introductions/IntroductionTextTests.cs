using System.Net;
using CsCheck;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Stun;

namespace Plexus.Protocols.Tests.Introductions;

public sealed class IntroductionTextTests
{
    private const string Full =
        "PLEXUS 3.4 20261123T043648.333000 [2001:db8::7]:40000 11100011 [2001:db8::1]:7463 either "
        + "[2001:db8::7]:40001 11000000 [2001:db8::1]:7464 bridge udp:mutual 43";

    private static string[] Originals => [.. File.ReadLines(
        Path.Combine(AppContext.BaseDirectory, "TestData", "introductions", "original.txt")).Where(l => l[0] != '#')];

    [Fact]
    public void Every_text_of_the_original_is_read_and_the_old_ones_are_written_again()
    {
        Assert.NotEmpty(Originals);
        foreach (string text in Originals)
        {
            Assert.True(IntroductionText.TryRead(text, out IntroductionText? read), text);
            Assert.EndsWith(" " + read.Puzzle.ToDecimalText(), text, StringComparison.Ordinal);
            if (read.Version == IntroductionVersion.V30)
                Assert.Equal(text, IntroductionText.Write(read.Udp.Outer!, read.Puzzle));
        }
    }

    [Fact]
    public void The_page_about_introductions_shows_true_texts()
    {
        List<string[]> rows = DocumentTable.Read("introduction-text.md", r => r[0].StartsWith("PLEXUS", StringComparison.Ordinal));
        Assert.Equal(5, rows.Count);
        foreach (string[] row in rows)
        {
            Assert.True(IntroductionText.TryRead(row[0], out IntroductionText? read), row[0]);
            Assert.Equal(row[1].StartsWith("an advent", StringComparison.Ordinal) ? null : IPEndPoint.Parse(row[1]), read.Udp.Outer);
        }
    }

    [Fact]
    public void The_oldest_form_is_read_as_newer_programs_read_it()
    {
        Assert.True(IntroductionText.TryRead("PLEXUS 3.0 203.0.113.7 40000 1234567890123456789", out IntroductionText? read));
        Assert.Equal(IPEndPoint.Parse("203.0.113.7:40000"), read.Udp.Outer);
        Assert.Equal(1234567890123456789UL, read.Puzzle.Value);
        Assert.Equal(NatBehavior.Assumed, read.Udp.Nat);
        Assert.Equal((WishedTransport.Udp, WishedRole.Either, WishedRoute.Direct), (read.Transport, read.Role, read.Udp.Route));
        Assert.Null(read.Tcp);
        Assert.Null(read.Time);
    }

    [Fact]
    public void The_newest_form_is_read_to_its_last_field()
    {
        Assert.True(IntroductionText.TryRead(Full, out IntroductionText? read));
        Assert.Equal(IntroductionVersion.V34, read.Version);
        Assert.Equal(new DateTime(2026, 11, 23, 4, 36, 48, DateTimeKind.Utc).AddMilliseconds(333), read.Time);
        Assert.Equal(DateTimeKind.Utc, read.Time!.Value.Kind);
        Assert.Equal(
            new(IPEndPoint.Parse("[2001:db8::7]:40000"), NatBehavior.Assumed, IPEndPoint.Parse("[2001:db8::1]:7463"), WishedRoute.Either),
            read.Udp);
        Assert.Equal(IPEndPoint.Parse("[2001:db8::7]:40001"), read.Tcp!.Outer);
        Assert.Equal(WishedRoute.Bridge, read.Tcp.Route);
        Assert.Equal((WishedTransport.Udp, WishedRole.Mutual), (read.Transport, read.Role));
        Assert.Equal(43UL, read.Puzzle.Value);
    }

    [Theory]
    [InlineData(IntroductionText.DhtAdvent)]
    [InlineData(IntroductionText.EmailAdvent)]
    public void An_advent_is_read_and_has_no_endpoint(string text)
    {
        Assert.True(IntroductionText.TryRead(text, out IntroductionText? read));
        Assert.Null(read.Udp.Outer);
    }

    [Theory]
    [InlineData("  PLEXUS\t3.0  1.2.3.4\r\n5\n6 \r\n")]
    [InlineData("PLEXUS 3.3 not-a-date-time 1.2.3.4:5 11100011 0.0.0.0:0 00000000 any:either 6")]
    [InlineData("PLEXUS 3.3 20261123T043648 1.2.3.4:5 11100011 0.0.0.0:0 00000000 ssl:client 6")]
    [InlineData("PLEXUS 3.4 -infinity 1.2.3.4:5 11100011 0.0.0.0:0 0 0.0.0.0:0 00000000 0.0.0.0:0 2 tcp:server 6")]
    public void Other_spellings_are_read(string text)
    {
        Assert.True(IntroductionText.TryRead(text, out IntroductionText? read));
        Assert.Equal(IPEndPoint.Parse("1.2.3.4:5"), read.Udp.Outer);
        Assert.Equal(6UL, read.Puzzle.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("PLEXUS")]
    [InlineData("plexus 3.0 1.2.3.4 5 6")]
    [InlineData("PLEXUS 3.1 1.2.3.4 5 6")]
    [InlineData("PLEXUS 3.0 1.2.3.4 5")]
    [InlineData("PLEXUS 3.0 1.2.3.4 5 6 7")]
    [InlineData("PLEXUS 3.0 1.2.3 5 6")]
    [InlineData("PLEXUS 3.0 0x7f.0.0.1 5 6")]
    [InlineData("PLEXUS 3.0 ::1%eth0 5 6")]
    [InlineData("PLEXUS 3.0 localhost 5 6")]
    [InlineData("PLEXUS 3.0 1.2.3.4 65536 6")]
    [InlineData("PLEXUS 3.0 1.2.3.4 -5 6")]
    [InlineData("PLEXUS 3.0 1.2.3.4 5 18446744073709551616")]
    [InlineData("PLEXUS 3.0 1.2.3.4 5 +6")]
    [InlineData("PLEXUS 3.3 20261123T043648.3333333 1.2.3.4:5 11100011 0.0.0.0:0 00000000 any:either 6")]
    [InlineData("PLEXUS 3.3 20261323T043648 1.2.3.4:5 11100011 0.0.0.0:0 00000000 any:either 6")]
    [InlineData("PLEXUS 3.3 20261123T043648 ::1:5 11100011 0.0.0.0:0 00000000 any:either 6")]
    [InlineData("PLEXUS 3.3 20261123T043648 [1.2.3.4]:5 11100011 0.0.0.0:0 00000000 any:either 6")]
    [InlineData("PLEXUS 3.3 20261123T043648 1.2.3.4:5 1110001 0.0.0.0:0 00000000 any:either 6")]
    [InlineData("PLEXUS 3.3 20261123T043648 1.2.3.4:5 11100011 0.0.0.0:0 00000000 any 6")]
    [InlineData("PLEXUS 3.3 20261123T043648 1.2.3.4:5 11100011 0.0.0.0:0 00000000 7:9 6")]
    [InlineData("PLEXUS 3.3 20261123T043648 1.2.3.4:5 11100011 0.0.0.0:0 00000000 udp,tcp:either 6")]
    public void What_is_no_introduction_is_refused(string text) => Assert.False(IntroductionText.TryRead(text, out _));

    [Fact]
    public void Texts_that_are_cut_changed_or_endless_do_not_throw()
    {
        for (int length = 0; length < Full.Length; length++) IntroductionText.TryRead(Full.AsSpan(0, length), out _);
        for (int i = 0; i < Full.Length; i++)
        {
            foreach (char c in " .:[]0A\0\uFFFF-")
            {
                char[] changed = Full.ToCharArray();
                changed[i] = c;
                IntroductionText.TryRead(changed, out _);
            }
        }

        Assert.False(IntroductionText.TryRead("PLEXUS 3.0 1.2.3.4 5 " + new string('0', 1_000_000) + "6", out _));
        Gen.String.Sample(text => IntroductionText.TryRead(text, out _) || true);
    }

    [Fact]
    public void What_is_written_is_read_again() =>
        Gen.Select(Gen.Byte.Array[4], Gen.Byte.Array[16], Gen.Bool, Gen.Int[1, 65_535], Gen.ULong).Sample((four, sixteen, six, port, number) =>
        {
            IPEndPoint outer = new(new IPAddress(six ? sixteen : four), port);
            Assert.True(IntroductionText.TryRead(IntroductionText.Write(outer, new(number)), out IntroductionText? read));
            bool isNone = outer.Address.Equals(IPAddress.Any) || outer.Address.Equals(IPAddress.IPv6Any);
            Assert.Equal(isNone ? null : outer, read.Udp.Outer);
            Assert.Equal(number, read.Puzzle.Value);
        });

    [Fact]
    public void Puzzles_and_secrets_do_not_show_themselves()
    {
        Puzzle ours = new(1234567890123456789);
        Puzzle theirs = new(987654321);
        SharedSecret secret = ours.With(theirs);
        Assert.True(IntroductionText.TryRead("PLEXUS 3.0 1.2.3.4 5 1234567890123456789", out IntroductionText? read));
        Assert.Equal("***", $"{ours}");
        Assert.Equal("***", $"{secret}");
        Assert.DoesNotContain("1234567890123456789", read.ToString(), StringComparison.Ordinal);
        Assert.Equal("1234567890123456789", ours.ToDecimalText());
        Assert.Equal((1234567890123456789UL ^ 987654321UL).ToString(System.Globalization.CultureInfo.InvariantCulture), secret.ToDecimalText());
        Assert.Equal(secret, theirs.With(ours));
    }
}
