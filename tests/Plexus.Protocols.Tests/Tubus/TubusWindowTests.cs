using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

public sealed class TubusWindowTests
{
    private const int Megabyte = 1_000_000;

    [Fact]
    public void A_stalled_reader_goes_on_where_it_stopped()
    {
        using TubusLab lab = new();
        lab.Client.ToWrite = 30 * Megabyte;
        for (int i = 0; i < 10; i++)
        {
            lab.Server.IsReading = false;
            lab.Pass(3);
            lab.Server.IsReading = true;
            lab.Wake();
            lab.Pass(0.3);
        }

        Assert.True(lab.RunUntil(() => lab.Server.Read == 30 * Megabyte, 20));
        Assert.Equal(-1, lab.Server.WrongAt);
        Assert.Equal(0, lab.ClientChannel.Report.FragmentsLost);
    }

    [Fact]
    public void A_long_fast_path_gets_a_larger_window()
    {
        using TubusLab lab = new(TubusLab.Line with { Latency = TimeSpan.FromMilliseconds(50) });
        lab.Client.ToWrite = 60 * Megabyte;
        Assert.True(lab.RunUntil(() => lab.Server.Read == 60 * Megabyte, 60));
        Assert.InRange(lab.ServerChannel.Report.ReceiveWindow, 10 * Megabyte, 64 * 1024 * 1024);
        Assert.InRange(lab.Internet.Now.TotalSeconds, 1, 8);
    }

    [Fact]
    public void A_narrow_path_keeps_the_window_it_has()
    {
        using TubusLab lab = new(TubusLab.Line with { BitsPerSecond = 50_000_000 });
        lab.Client.ToWrite = 30 * Megabyte;
        Assert.True(lab.RunUntil(() => lab.Server.Read == 30 * Megabyte, 60));
        Assert.Equal(5 * 1024 * 1024, lab.ServerChannel.Report.ReceiveWindow);
    }

    [Fact]
    public void The_window_never_exceeds_its_option()
    {
        TubusOptions options = TubusLab.Ours with { ReceiveBuffer = 200_000 };
        using TubusLab lab = new(TubusLab.Line with { Latency = TimeSpan.FromMilliseconds(50) }, clientOptions: TubusLab.Ours, serverOptions: options);
        lab.Client.ToWrite = 5 * Megabyte;
        long most = 0;
        lab.Server.ReadSize = 3000;
        lab.Server.AfterStep = _ => most = Math.Max(most, lab.ClientChannel.Report.InFlight);
        Assert.True(lab.RunUntil(() => lab.Server.Read == 5 * Megabyte, 60));
        Assert.InRange(most, 100_000, 210_000);
    }

    [Fact]
    public void Little_steps_of_a_reader_do_not_make_little_datagrams()
    {
        using TubusLab lab = new();
        lab.Server.IsReading = false;
        lab.Client.ToWrite = 10 * Megabyte;
        lab.Pass(5);
        (long datagrams, long edges) = (lab.ClientHost.SentCount, lab.ServerHost.SentCount);
        byte[] buffer = new byte[100];
        for (int i = 0; i < 3000; i++)
        {
            Assert.Equal(100, lab.ServerChannel.Read(buffer, lab.Now));
            lab.Wake();
            lab.Pass(0.001);
        }

        lab.Pass(1);
        // 300 kB were read: an edge for each 16 kB, and the full datagrams that fit, each with its echo.
        Assert.InRange(lab.ClientHost.SentCount - datagrams, 150, 300);
        Assert.InRange(lab.ServerHost.SentCount - edges, 15, 300);
    }

    [Fact]
    public void An_idle_channel_holds_no_pages()
    {
        PagePool pool = new();
        ReceiveWindow window = new(pool, 1_000_000, 1_000_000);
        SendWindow sent = new(pool);
        sent.Write(new byte[100_000]);
        while (sent.Sent < sent.Written) sent.Launch(sent.Cut(1000));
        Assert.True(window.Place(500_000, new byte[1000]));
        Assert.True(window.Place(0, new byte[100]));
        Assert.Equal(7 + 2, pool.UsedCount);
        for (ulong at = 0; at < 100_000; at += 1000)
        {
            Assert.True(sent.TryFind(at, out long number));
            sent.Acknowledge(number);
        }

        sent.Release();
        Assert.Equal(100, window.Read(new byte[1000], default, default));
        window.DropBeyond();
        Assert.Equal(0, pool.UsedCount);
        Assert.Equal(9, pool.FreeCount);
        pool.Trim();
        pool.Trim();
        Assert.Equal(0, pool.FreeCount);
    }
}
