using System.Net.Sockets;
using System.Security.Cryptography;
using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary>TCP services of one machine on local ports of another, both behind NATs of the kernel, with the built program.</summary>
public sealed class TunnelTests
{
    private const string Alice = "alice@home.test/laptop";
    private const string Bob = "bob@work.test/server";
    private const int ServicePort = 8_000;
    private const int LocalPort = 9_000;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Ssh_reaches_the_far_machine_on_a_local_port()
    {
        Kernel.ServersAreNeeded();
        if (SshServer.WhyNot is { } reason) Assert.Skip(reason);
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        using SshServer server = new(bob, 2200);
        (ProgramRun accept, ProgramRun invite) = await JoinAsync(scenario, alice, bob, ["--export=127.0.0.1:2200"], ["--import=127.0.0.1:2222"]);

        ProgramRun ssh = server.RunFrom(alice, 2222, "cat /proc/net/fib_trie | sha256sum; echo reached");

        Assert.True(await ssh.ExitAsync(Soon) == 0, $"{ssh.Output}\n{server.Output}\n{invite.Output}\n{accept.Output}");
        Assert.Contains("reached", ssh.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_download_of_200_MB_arrives_whole()
    {
        Kernel.ServersAreNeeded();
        if (SystemTool.Find("curl") is null) Assert.Skip("curl is not installed.");
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        byte[] body = RandomNumberGenerator.GetBytes(200_000_000);
        using LocalService server = LocalService.Http(bob.Host, ServicePort, body);
        await JoinAsync(scenario, alice, bob, [$"--export=web=127.0.0.1:{ServicePort}"], [$"--import=web=127.0.0.1:{LocalPort}"]);

        ProgramRun curl = alice.RunOther(
            SystemTool.Find("curl")!, ["-sS", "-o", alice.FileNamed("download"), $"http://127.0.0.1:{LocalPort}/"]);

        Assert.True(await curl.ExitAsync(Later) == 0, curl.Output);
        await using FileStream file = File.OpenRead(alice.FileNamed("download"));
        Assert.Equal(Convert.ToHexString(SHA256.HashData(body)), Convert.ToHexString(await SHA256.HashDataAsync(file)));
    }

    [Fact]
    public async Task Iperf3_measures_both_directions_through_it()
    {
        Kernel.ServersAreNeeded();
        if (SystemTool.Find("iperf3") is not { } iperf) { Assert.Skip("iperf3 is not installed."); return; }
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        ProgramRun server = bob.RunOther(iperf, ["-s", "-B", "127.0.0.1", "-p", $"{ServicePort}", "--forceflush"]);
        await JoinAsync(scenario, alice, bob, [$"--export=127.0.0.1:{ServicePort}"], [$"--import=127.0.0.1:{LocalPort}"]);
        foreach ((int number, string direction) in ((string[])["--bidir", "-R", "-P4"]).Index())
        {
            // Between two tests it does not listen.
            await Eventually.Async(() => server.Output.Split("Server listening").Length > number + 1, Soon, () => server.Output);
            ProgramRun client = alice.RunOther(iperf, ["-c", "127.0.0.1", "-p", $"{LocalPort}", "-t", "2", direction]);
            Assert.True(await client.ExitAsync(Soon) == 0, $"{direction}: {client.Output}");
            Assert.Contains("receiver", client.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_reader_that_stalls_holds_nobody_else_up_and_costs_only_its_window()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        byte[] block = new byte[1_000_000];
        using LocalService flood = new(bob.Host, ServicePort, async stream =>
        {
            while (true) await stream.WriteAsync(block);
        });
        using LocalService echo = LocalService.Echo(bob.Host, ServicePort + 1);
        (ProgramRun accept, ProgramRun invite) = await JoinAsync(
            scenario, alice, bob,
            [$"--export=flood=127.0.0.1:{ServicePort}", $"--export=echo=127.0.0.1:{ServicePort + 1}"],
            [$"--import=flood=127.0.0.1:{LocalPort}", $"--import=echo=127.0.0.1:{LocalPort + 1}"]);
        await using NetworkStream stalled = await LocalService.ConnectAsync(alice.Host, LocalPort); // It reads nothing.
        await Task.Delay(TimeSpan.FromSeconds(3));

        await using NetworkStream lively = await LocalService.ConnectAsync(alice.Host, LocalPort + 1);
        byte[] answer = new byte[block.Length];
        Task sending = lively.WriteAsync(block).AsTask();
        await lively.ReadExactlyAsync(answer).AsTask().WaitAsync(Soon);
        await sending;

        Assert.True(invite.ResidentBytes < 150_000_000, $"The importer holds {invite.ResidentBytes} bytes.");
        Assert.True(accept.ResidentBytes < 150_000_000, $"The exporter holds {accept.ResidentBytes} bytes.");
    }

    [Fact]
    public async Task Five_hundred_connections_come_and_go()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        using LocalService echo = LocalService.Echo(bob.Host, ServicePort);
        await JoinAsync(scenario, alice, bob, [$"--export=127.0.0.1:{ServicePort}"], [$"--import=127.0.0.1:{LocalPort}"]);
        for (int round = 0; round < 10; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
            {
                byte[] question = RandomNumberGenerator.GetBytes(2_000 + number), answer = new byte[question.Length];
                await using NetworkStream stream = await LocalService.ConnectAsync(alice.Host, LocalPort);
                await stream.WriteAsync(question);
                await stream.ReadExactlyAsync(answer);
                Assert.Equal(question, answer);
            })).WaitAsync(Soon);
        }
    }

    [Fact]
    public async Task A_thousand_idle_connections_cost_little()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        using LocalService echo = LocalService.Echo(bob.Host, ServicePort);
        (ProgramRun accept, ProgramRun invite) = await JoinAsync(
            scenario, alice, bob, [$"--export=127.0.0.1:{ServicePort}"], [$"--import=127.0.0.1:{LocalPort}"]);
        List<NetworkStream> streams = [];
        try
        {
            for (int i = 0; i < 1_000; i++)
            {
                streams.Add(await LocalService.ConnectAsync(alice.Host, LocalPort));
                await streams[^1].WriteAsync("x"u8.ToArray());
                await streams[^1].ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(Soon);
            }

            long both = invite.ResidentBytes + accept.ResidentBytes;
            TestContext.Current.TestOutputHelper?.WriteLine($"{both / 1_000_000} MB, both programs with their DHT nodes");
            Assert.True(both < 80_000_000, $"Both programs hold {both} bytes.");
        }
        finally
        {
            foreach (NetworkStream stream in streams) await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_service_that_is_down_is_told_and_works_when_it_comes_up()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        (ProgramRun accept, ProgramRun invite) = await JoinAsync(
            scenario, alice, bob, [$"--export=127.0.0.1:{ServicePort}"], [$"--import=127.0.0.1:{LocalPort}"]);
        byte[] byteBack = new byte[1];
        Exception? failure = await Record.ExceptionAsync(async () =>
        {
            await using NetworkStream early = await LocalService.ConnectAsync(alice.Host, LocalPort);
            await early.ReadAsync(byteBack).AsTask().WaitAsync(Soon);
        });
        Assert.True(failure is null or IOException or SocketException, failure?.ToString()); // A reset, perhaps while it connects, or an end: but at once.

        await invite.SaysAsync("(?i)refused", Soon);
        using LocalService echo = LocalService.Echo(bob.Host, ServicePort);
        await using NetworkStream late = await LocalService.ConnectAsync(alice.Host, LocalPort);
        await late.WriteAsync("x"u8.ToArray());
        await late.ReadExactlyAsync(byteBack).AsTask().WaitAsync(Soon);
        Assert.True(accept.IsRunning, accept.Output);
    }

    [Fact]
    public async Task A_killed_exporter_ends_the_inviter_with_a_sentence_and_a_code()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        using LocalService echo = LocalService.Echo(bob.Host, ServicePort);
        (ProgramRun accept, ProgramRun invite) = await JoinAsync(
            scenario, alice, bob, [$"--export=127.0.0.1:{ServicePort}"], [$"--import=127.0.0.1:{LocalPort}"],
            ("TUBUS_PING_TIMEOUT", "3")); // Silence for so long, and 5 seconds more, ends it.
        accept.Kill();

        Assert.Equal(7, await invite.ExitAsync(Later));
        Assert.Matches("(?i)peer|silent", invite.Output);
    }

    [Fact]
    public async Task An_acceptor_serves_the_next_inviter_after_one_was_killed()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        using LocalService echo = LocalService.Echo(bob.Host, ServicePort);
        (ProgramRun accept, ProgramRun first) = await JoinAsync(
            scenario, alice, bob, [$"--export=127.0.0.1:{ServicePort}"], [$"--import=127.0.0.1:{LocalPort}"]);
        first.Kill();

        ProgramRun second = alice.Run([.. scenario.Meeting(alice, bob), $"--import=127.0.0.1:{LocalPort}"]);

        await ListensAsync(alice, LocalPort, second, accept);
        await using NetworkStream stream = await LocalService.ConnectAsync(alice.Host, LocalPort);
        await stream.WriteAsync("x"u8.ToArray());
        await stream.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(Soon);
    }

    private static async Task<(ProgramRun Accept, ProgramRun Invite)> JoinAsync(
        Scenario scenario, Machine alice, Machine bob, string[] accepts, string[] invites, params IEnumerable<(string, string)> variables)
    {
        ProgramRun accept = bob.Run(["--accept", .. scenario.Meeting(bob, null), .. accepts], variables);
        ProgramRun invite = alice.Run([.. scenario.Meeting(alice, bob), .. invites], variables);
        await ListensAsync(alice, LocalPortOf(invites[0]), invite, accept);
        return (accept, invite);
    }

    private static int LocalPortOf(string option) => int.Parse(option.Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Waits until the tunnel is up.</summary>
    private static Task ListensAsync(Machine machine, int port, ProgramRun invite, ProgramRun accept) =>
        invite.SaysAsync("(?i)tunnel.*(open|up)", Soon);
}
