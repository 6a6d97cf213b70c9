using System.Diagnostics;
using System.Net;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Laboratory;

/// <summary>The line with a delay. How exact it is, tells the benchmark <c>line</c>: here no upper bound depends on the clock.</summary>
public sealed class DelayLineTests : IDisposable
{
    private readonly NamespaceInternet _internet;

    public DelayLineTests()
    {
        Kernel.LinesAreNeeded();
        _internet = new NamespaceInternet();
    }

    public void Dispose() => _internet?.Dispose();

    [Fact]
    public async Task No_packet_is_early()
    {
        NamespaceNat nat = _internet.AddNat(NatRecipe.PortRestricted, new DelayLineOptions { Delay = TimeSpan.FromMilliseconds(10) });
        await using Probe home = new(_internet.AddHost(nat));
        await using Probe server = new(_internet.AddPublicHost("server"));

        long start = Stopwatch.GetTimestamp();
        await home.SendAsync(server.EndPoint);
        IPEndPoint outer = (await server.ReceiveAsync())!;
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(10));
        await server.SendAsync(outer);
        Assert.NotNull(await home.ReceiveAsync());
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public async Task A_lossy_line_loses_its_share_and_nothing_else_does()
    {
        NamespaceNat nat = _internet.AddNat(NatRecipe.PortRestricted, new DelayLineOptions { Loss = 0.25 });
        await using Probe home = new(_internet.AddHost(nat));
        await using Probe server = new(_internet.AddPublicHost("server"));
        int received = 0;
        for (int i = 0; i < 200; i++)
        {
            await home.SendAsync(server.EndPoint);
            if (await server.ReceiveAsync(TimeSpan.FromMilliseconds(20)) is not null) received++;
        }

        Assert.InRange(received, 120, 175); // 150 expected; the seed makes it the same number each time, but for noise on the line
    }

    [Fact]
    public async Task A_line_with_a_rate_makes_packets_wait_for_each_other_and_drops_what_its_queue_cannot_hold()
    {
        // 3 bytes are 31 of IP: 2.48 ms each at 100 kbit/s. The queue holds 20 of them.
        DelayLineOptions line = new() { BitsPerSecond = 100_000, QueueBytes = 20 * 31 };
        NamespaceNat nat = _internet.AddNat(NatRecipe.PortRestricted, line);
        await using Probe home = new(_internet.AddHost(nat));
        await using Probe server = new(_internet.AddPublicHost("server"));
        await home.SendAsync(server.EndPoint);
        Assert.NotNull(await server.ReceiveAsync());

        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 100; i++) await home.SendAsync(server.EndPoint);
        double sending = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        int received = 0;
        while (await server.ReceiveAsync(TimeSpan.FromMilliseconds(300)) is not null) received++;

        // However slowly this machine sent: no more than the rate and the queue allow.
        Assert.InRange(received, 20, 22 + (sending / 2.48));
    }
}
