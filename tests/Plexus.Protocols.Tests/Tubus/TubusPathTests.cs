using Plexus.Lab;
using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>A stream over paths that lose, double, mix up and hold back.</summary>
public sealed class TubusPathTests
{
    private const int Megabyte = 1_000_000;

    public static TheoryData<double, ulong> Losses
    {
        get
        {
            TheoryData<double, ulong> losses = [];
            foreach (double loss in (double[])[0.001, 0.01, 0.05, 0.1, 0.2, 0.3])
            foreach (ulong secret in (ulong[])[0, TubusLab.Secret]) losses.Add(loss, secret);
            return losses;
        }
    }

    [Fact]
    public void Without_loss_each_octet_is_sent_once_in_full_datagrams()
    {
        using TubusLab lab = new();
        lab.Client.ToWrite = 10 * Megabyte;
        Assert.True(lab.RunUntil(() => lab.Server.Read == 10 * Megabyte && lab.ClientChannel.Report.InFlight == 0, 60));
        TubusReport report = lab.ClientChannel.Report;
        Assert.Equal((0, 0, 0), (report.FragmentsLost, report.BytesRepeated, report.ProbeTimeouts));
        Assert.Equal(1472, report.DatagramLength);
        // 1,444 octets of data fit; the first round trips go with the base size, and four probes with the groups above.
        Assert.InRange(report.DatagramsSent, 10 * Megabyte / 1444, (10 * Megabyte / 1444) + 60);
        // The laboratory brings datagrams one by one, so the receiver acknowledges each.
        Assert.InRange(lab.ServerChannel.Report.DatagramsSent, 1, report.DatagramsSent + 60);
    }

    [Fact]
    public void Who_has_only_acknowledged_answers_at_once()
    {
        using TubusLab lab = new(TubusLab.Line with { Latency = TimeSpan.FromMilliseconds(100) });
        lab.Server.ToWrite = 8; // From now on its rate is known, and low.
        Assert.True(lab.RunUntil(() => lab.Client.Read == 8, 60));
        lab.Client.ToWrite = 50 * Megabyte;
        lab.Wake();
        Assert.True(lab.RunUntil(() => lab.Server.Read == 50 * Megabyte && lab.ClientChannel.Report.InFlight == 0, 60));
        TimeSpan asked = lab.Internet.Now;
        lab.Server.ToWrite = 16;
        lab.Wake();
        Assert.True(lab.RunUntil(() => lab.Client.Read == 16, 60));
        Assert.Equal(TimeSpan.FromMilliseconds(200), lab.Internet.Now - asked); // One way: no echo that was sent before is paid for now.
    }

    [Theory]
    [MemberData(nameof(Losses))]
    internal void Lost_datagrams_are_made_good_in_both_directions(double loss, ulong secret)
    {
        using TubusLab lab = new(TubusLab.Line with { Loss = loss / 2 }, secret);
        lab.Client.ToWrite = 2 * Megabyte;
        lab.Server.ToWrite = Megabyte;
        Assert.True(lab.RunUntil(() => lab.Server.Read == 2 * Megabyte && lab.Client.Read == Megabyte, 900));
        Assert.Equal((-1, -1), (lab.Client.WrongAt, lab.Server.WrongAt));
        TubusReport report = lab.ClientChannel.Report;
        // What is sent again is what was lost, and little besides.
        Assert.InRange(report.BytesRepeated, 0, (2 * Megabyte * loss / (1 - loss) * 1.5) + 60_000);
    }

    [Theory]
    [InlineData(0.3, 0, 0)]
    [InlineData(0, 0.3, 5)]
    [InlineData(0, 0.01, 30)]
    [InlineData(0.1, 0.1, 15)]
    internal void Copies_and_wrong_order_do_no_harm(double duplication, double reordering, int delay)
    {
        using TubusLab lab = new(TubusLab.Line with { Duplication = duplication, Reordering = reordering, ReorderingDelay = TimeSpan.FromMilliseconds(delay) });
        lab.Client.ToWrite = 5 * Megabyte;
        Assert.True(lab.RunUntil(() => lab.Server.Read == 5 * Megabyte, 120));
        Assert.Equal(-1, lab.Server.WrongAt);
        Assert.InRange(lab.ClientChannel.Report.BytesRepeated, 0, 5 * Megabyte * 0.05);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    [InlineData(100)]
    internal void Jitter_does_no_harm(int milliseconds)
    {
        using TubusLab lab = new(TubusLab.Line with { Jitter = TimeSpan.FromMilliseconds(milliseconds) });
        lab.Client.ToWrite = 3 * Megabyte;
        Assert.True(lab.RunUntil(() => lab.Server.Read == 3 * Megabyte, 300));
        Assert.Equal(-1, lab.Server.WrongAt);
        Assert.InRange(lab.ClientChannel.Report.BytesRepeated, 0, 3 * Megabyte * 0.1);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(5, true)]
    [InlineData(5, false)]
    [InlineData(20, true)]
    [InlineData(60, true)]
    [InlineData(60, false)]
    internal void An_outage_of_one_direction_is_survived_and_the_stream_is_back_at_once(int seconds, bool ofData)
    {
        LabLink line = TubusLab.Line with { BitsPerSecond = 40_000_000 };
        using TubusLab lab = new(line);
        lab.Client.ToWrite = 50 * Megabyte;
        Assert.True(lab.RunUntil(() => lab.Server.Read > 2 * Megabyte, 60));
        LabHost mute = ofData ? lab.ClientHost : lab.ServerHost;
        long before = lab.ClientHost.SentCount;
        mute.Link = line with { Loss = 1 };
        lab.Pass(seconds);
        // A window, and then a probe each second at last.
        Assert.InRange(lab.ClientHost.SentCount - before, 1, 800 + (seconds * 4));
        mute.Link = line;
        long read = lab.Server.Read;
        Assert.True(lab.RunUntil(() => lab.Server.Read > read + Megabyte, 2), $"{lab.ClientChannel.State} {lab.Server.Read - read}");
        lab.Pass(1); // Until it has looked whether large datagrams pass, as before.
        Assert.Equal(1472, lab.ClientChannel.Report.DatagramLength);
        Assert.Equal(-1, lab.Server.WrongAt);
    }

    [Fact]
    public void A_path_that_becomes_narrow_costs_a_second()
    {
        using TubusLab lab = new();
        lab.Client.ToWrite = 20 * Megabyte;
        Assert.True(lab.RunUntil(() => lab.Server.Read > 2 * Megabyte, 60));
        Assert.Equal(1472, lab.ClientChannel.Report.DatagramLength);
        lab.SetLine(TubusLab.Line with { Mtu = 1300 });
        TimeSpan start = lab.Internet.Now;
        long read = lab.Server.Read;
        Assert.True(lab.RunUntil(() => lab.Server.Read > read + Megabyte, 30));
        Assert.InRange((lab.Internet.Now - start).TotalSeconds, 0, 2);
        Assert.Equal(1200, lab.ClientChannel.Report.DatagramLength);
        Assert.True(lab.RunUntil(() => lab.Server.Read == 20 * Megabyte, 60));
        Assert.Equal(-1, lab.Server.WrongAt);
    }

    [Fact]
    public void After_ten_minutes_it_looks_whether_the_path_has_become_wider()
    {
        using TubusLab lab = new(TubusLab.Line with { Mtu = 1440 });
        lab.Client.ToWrite = 2 * Megabyte;
        Assert.True(lab.RunUntil(() => lab.Server.Read == 2 * Megabyte, 60));
        lab.Pass(5);
        Assert.Equal(1406, lab.ClientChannel.Report.DatagramLength);
        lab.SetLine(TubusLab.Line);
        lab.Client.ToWrite = 4 * Megabyte;
        lab.Wake();
        Assert.True(lab.RunUntil(() => lab.Server.Read == 4 * Megabyte, 60));
        Assert.Equal(1406, lab.ClientChannel.Report.DatagramLength);
        lab.Pass(700);
        lab.Client.ToWrite = 6 * Megabyte;
        lab.Wake();
        Assert.True(lab.RunUntil(() => lab.Server.Read == 6 * Megabyte, 60));
        Assert.Equal(1472, lab.ClientChannel.Report.DatagramLength);
    }

    [Theory]
    [InlineData(10_000_000, 50)]
    [InlineData(100_000_000, 20)]
    [InlineData(2_000_000, 200)]
    internal void A_narrow_line_is_filled(long bitsPerSecond, int queueMilliseconds)
    {
        using TubusLab lab = new(TubusLab.Line with { BitsPerSecond = bitsPerSecond, LongestQueue = TimeSpan.FromMilliseconds(queueMilliseconds) });
        long bytes = bitsPerSecond * 4 / 8; // Four seconds of the line.
        lab.Client.ToWrite = bytes;
        Assert.True(lab.RunUntil(() => lab.Server.Read == bytes, 60));
        Assert.InRange(lab.Internet.Now.TotalSeconds, 4, 6);
    }

    [Theory]
    [InlineData(0.4)]
    [InlineData(40)]
    [InlineData(300)]
    internal void A_small_question_is_answered_in_one_round_trip(double latency)
    {
        using TubusLab lab = new(TubusLab.Line with { Latency = TimeSpan.FromMilliseconds(latency / 4) });
        Assert.True(lab.RunUntil(() => lab.ClientChannel.State == TubusState.Linked, 10));
        lab.Pass(5);
        long sent = lab.ClientHost.SentCount + lab.ServerHost.SentCount;
        for (int i = 1; i <= 10; i++)
        {
            TimeSpan start = lab.Internet.Now;
            lab.Client.ToWrite = i * 64;
            lab.Wake();
            Assert.True(lab.RunUntil(() => lab.Server.Read == i * 64, 5));
            lab.Server.ToWrite = i * 64;
            lab.Wake();
            Assert.True(lab.RunUntil(() => lab.Client.Read == i * 64, 5));
            Assert.Equal(latency, (lab.Internet.Now - start).TotalMilliseconds, 3);
        }

        lab.Pass(1);
        // The question, its echo, the answer, its echo.
        Assert.InRange(lab.ClientHost.SentCount + lab.ServerHost.SentCount - sent, 40, 44);
    }
}
