using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>How a stream ends: with everything delivered, or with word that it was not.</summary>
public sealed class TubusClosingTests
{
    private const int Megabyte = 1_000_000;

    [Fact]
    public void A_close_without_data_takes_a_tear_and_its_echo()
    {
        using TubusLab lab = new();
        lab.Pass(1);
        (long client, long server) = (lab.ClientHost.SentCount, lab.ServerHost.SentCount);
        lab.ClientChannel.Close(lab.Now);
        lab.Wake();
        lab.Pass(5);
        Assert.Equal((TubusEnd.Closed, TubusEnd.ClosedByPeer), (lab.ClientChannel.End, lab.ServerChannel.End));
        Assert.Equal((1, 1), (lab.ClientHost.SentCount - client, lab.ServerHost.SentCount - server));
        Assert.True(lab.ClientChannel.IsDelivered);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    internal void Both_may_close_at_once(double loss)
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            using TubusLab lab = new(TubusLab.Line with { Loss = loss / 2 }, seed: seed);
            lab.Client.ToWrite = lab.Server.ToWrite = 1000;
            lab.Client.ClosesWhenWritten = lab.Server.ClosesWhenWritten = true;
            Assert.True(lab.RunUntil(() => lab.ClientChannel.End is not null && lab.ServerChannel.End is not null, 20));
            Assert.Contains(lab.ClientChannel.End!.Value, (TubusEnd[])[TubusEnd.Closed, TubusEnd.ClosedByPeer, TubusEnd.CloseUnconfirmed]);
            Assert.Contains(lab.ServerChannel.End!.Value, (TubusEnd[])[TubusEnd.Closed, TubusEnd.ClosedByPeer, TubusEnd.CloseUnconfirmed]);
            lab.Pass(30);
            Assert.Equal((0, 0), (lab.Client.Endpoint.Count, lab.Server.Endpoint.Count));
        }
    }

    [Fact]
    public void Two_that_close_with_full_windows_do_not_wait_for_each_other()
    {
        using TubusLab lab = new();
        lab.Client.IsReading = lab.Server.IsReading = false;
        lab.Client.ToWrite = lab.Server.ToWrite = 20 * Megabyte;
        lab.Pass(10); // Both windows are full now.
        Assert.Equal(5 * 1024 * 1024, lab.ClientChannel.Readable);
        lab.Client.ToWrite = lab.Client.Written;
        lab.Server.ToWrite = lab.Server.Written;
        lab.ClientChannel.Close(lab.Now);
        lab.ServerChannel.Close(lab.Now);
        lab.Wake();
        Assert.True(lab.RunUntil(() => lab.ClientChannel.End is not null && lab.ServerChannel.End is not null, 5));
        Assert.True(lab.ClientChannel.IsDelivered || lab.ServerChannel.IsDelivered);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    internal void A_slow_reader_gets_everything_before_the_end(double loss)
    {
        using TubusLab lab = new(TubusLab.Line with { Loss = loss / 2 });
        lab.Client.ToWrite = 8 * Megabyte;
        lab.Client.ClosesWhenWritten = true;
        lab.Server.IsReading = false;
        lab.Pass(20);
        Assert.Equal(TubusState.Linked, lab.ClientChannel.State); // There is more than the window holds.
        lab.Server.ReadSize = 1000;
        for (int i = 0; lab.ServerChannel.End is null && i < 1000; i++)
        {
            lab.Server.IsReading = true;
            lab.Server.Step(lab.Now);
            lab.Server.IsReading = false;
            lab.Wake();
            lab.Pass(0.05);
        }

        lab.Server.IsReading = true;
        lab.Wake();
        Assert.Equal((TubusEnd.ClosedByPeer, 8 * Megabyte, -1), (lab.ServerChannel.End, lab.Server.Read, lab.Server.WrongAt));
        lab.Pass(1);
        Assert.Equal(TubusEnd.Closed, lab.ClientChannel.End);
    }

    [Fact]
    public void A_reader_that_never_reads_costs_its_window_and_ends_the_patience_of_a_close()
    {
        using TubusLab lab = new();
        lab.Server.IsReading = false;
        lab.Client.ToWrite = 20 * Megabyte;
        lab.Pass(10);
        Assert.Equal(5 * 1024 * 1024, lab.ServerChannel.Readable);
        Assert.InRange(lab.Client.Written, 5 * 1024 * 1024, (5 * 1024 * 1024) + new TubusOptions().UnsentLimit);
        long sent = lab.ClientHost.SentCount + lab.ServerHost.SentCount;
        lab.Client.ToWrite = lab.Client.Written;
        lab.ClientChannel.Close(lab.Now);
        lab.Wake();
        lab.Pass(59);
        Assert.Equal(TubusState.Closing, lab.ClientChannel.State);
        Assert.InRange(lab.ClientHost.SentCount + lab.ServerHost.SentCount - sent, 4, 30); // Pings and their echoes.
        lab.Pass(3);
        Assert.Equal((TubusEnd.FlushTimedOut, TubusEnd.CutOffByPeer), (lab.ClientChannel.End, lab.ServerChannel.End));
        Assert.False(lab.ClientChannel.IsDelivered);
    }

    [Fact]
    public void An_abort_is_no_end_of_stream_unless_all_had_arrived()
    {
        foreach (bool isDelivered in (bool[])[true, false])
        {
            using TubusLab lab = new();
            lab.Pass(1);
            lab.Client.ToWrite = 50_000;
            lab.Wake();
            lab.Pass(isDelivered ? 1 : 0.01);
            lab.ClientChannel.Abort(lab.Now);
            lab.Wake();
            lab.Pass(1);
            Assert.Equal(TubusEnd.Aborted, lab.ClientChannel.End);
            Assert.Equal(isDelivered ? TubusEnd.ClosedByPeer : TubusEnd.CutOffByPeer, lab.ServerChannel.End);
        }
    }

    [Fact]
    public void Without_its_echo_a_tear_is_repeated_for_two_seconds()
    {
        using TubusLab lab = new();
        lab.Pass(1);
        lab.ServerHost.Link = TubusLab.Line with { Loss = 1 };
        long sent = lab.ClientHost.SentCount;
        TimeSpan start = lab.Internet.Now;
        lab.ClientChannel.Close(lab.Now);
        lab.Wake();
        Assert.True(lab.RunUntil(() => lab.ClientChannel.End is not null, 10));
        Assert.Equal((TubusEnd.CloseUnconfirmed, 2.0), (lab.ClientChannel.End!.Value, (lab.Internet.Now - start).TotalSeconds));
        Assert.Equal(6, lab.ClientHost.SentCount - sent); // At 0, 100, 300, 700 ms, 1.2 and 1.7 s.
        Assert.Equal(TubusState.Linked, lab.ServerChannel.State);
        Assert.True(lab.RunUntil(() => lab.ServerChannel.End is not null, 200));
        Assert.Equal(TubusEnd.PeerSilent, lab.ServerChannel.End);
    }

    [Fact]
    public void A_close_outlives_an_outage()
    {
        using TubusLab lab = new();
        lab.Client.ToWrite = Megabyte;
        lab.Client.ClosesWhenWritten = true;
        lab.Pass(0.2);
        lab.SetLine(TubusLab.Line with { Loss = 1 });
        lab.Pass(40);
        Assert.Null(lab.ClientChannel.End);
        lab.SetLine(TubusLab.Line);
        Assert.True(lab.RunUntil(() => lab.ClientChannel.End is not null, 5));
        Assert.Equal((TubusEnd.Closed, Megabyte), (lab.ClientChannel.End, lab.Server.Read));
    }

    [Fact]
    public void Silence_ends_a_channel_after_two_minutes_and_not_before()
    {
        using TubusLab lab = new();
        lab.Pass(1);
        lab.SetLine(TubusLab.Line with { Loss = 1 });
        lab.Pass(118);
        Assert.Equal(TubusState.Linked, lab.ClientChannel.State);
        lab.Pass(3);
        Assert.Equal((TubusEnd.PeerSilent, TubusEnd.PeerSilent), (lab.ClientChannel.End, lab.ServerChannel.End));
        Assert.False(lab.ClientChannel.IsEndOfStream && lab.ClientChannel.End == TubusEnd.ClosedByPeer);
    }

    [Fact]
    public void What_the_original_limits_can_be_limited()
    {
        using TubusLab lab = new(clientOptions: TubusLab.Ours with { FlightLimit = 48, MoveAttempts = 4, LargestDatagram = 1406 });
        lab.Client.ToWrite = 20 * Megabyte;
        int most = 0;
        lab.Client.AfterStep = _ => most = (int)Math.Max(most, lab.ClientChannel.Report.InFlight);
        lab.Pass(2);
        Assert.InRange(most, 47 * 1406, 48 * 1406);
        lab.SetLine(TubusLab.Line with { Loss = 1 });
        Assert.True(lab.RunUntil(() => lab.ClientChannel.End is not null, 60));
        Assert.Equal(TubusEnd.TooManyAttempts, lab.ClientChannel.End);
    }
}
