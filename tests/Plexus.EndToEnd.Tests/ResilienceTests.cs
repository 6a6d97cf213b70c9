using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary>What goes wrong around a running program: servers and peers that die, lie, or send rubbish.</summary>
public sealed class ResilienceTests
{
    private const string Alice = "alice@home.test/laptop";
    private const string Bob = "bob@work.test/server";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task An_acceptor_that_was_killed_and_started_again_is_found_by_a_waiting_inviter()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob);
        ProgramRun first = scenario.Accept(bob);
        await Task.Delay(TimeSpan.FromSeconds(1));
        first.Kill();
        ProgramRun invite = scenario.Invite(alice, bob);
        await Task.Delay(TimeSpan.FromSeconds(2));

        ProgramRun accept = scenario.Accept(bob);

        await Scenario.TalkedAsync(invite, accept, alice, bob);
    }

    [Fact]
    public async Task An_acceptor_survives_the_restart_of_its_bootstrap_node()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob);
        ProgramRun accept = scenario.Accept(bob);
        await Task.Delay(TimeSpan.FromSeconds(2));
        await scenario.RestartDhtAsync(); // It has forgotten everything.

        ProgramRun invite = scenario.Invite(alice, bob);

        await Scenario.TalkedAsync(invite, accept, alice, bob);
    }

    [Fact]
    public async Task A_STUN_server_that_does_not_answer_ends_an_inviter_with_a_clear_message()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob);
        ProgramRun accept = scenario.Accept(bob);
        scenario.Stun.Kill();

        ProgramRun invite = scenario.Invite(alice, bob);

        Assert.NotEqual(0, await invite.ExitAsync(TimeSpan.FromSeconds(40)));
        Assert.Contains("STUN", invite.Output, StringComparison.Ordinal);
        Assert.True(accept.IsRunning, "Nor does an acceptor end.\n" + accept.Output);
    }

    [Fact]
    public async Task One_dead_STUN_server_of_two_does_no_harm()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob);
        string both = $"--stun-server={scenario.DhtHost.Address}:9,{scenario.Stun.Address}";
        ProgramRun accept = bob.Run(["--accept", .. WithStun(scenario.Options(bob, null, "talk.log"), both)]);
        ProgramRun invite = alice.Run(WithStun(scenario.Options(alice, bob, "talk.log"), both));
        await Scenario.TalkedAsync(invite, accept, alice, bob);
    }

    [Fact]
    public async Task A_STUN_server_that_answers_rubbish_ends_an_inviter_with_a_clear_message()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob);
        using RubbishServer liar = new(scenario.DhtHost, 3478);
        string rubbish = $"--stun-server={scenario.DhtHost.Address}:3478";

        ProgramRun invite = alice.Run(WithStun(scenario.Options(alice, bob, "talk.log"), rubbish));

        Assert.NotEqual(0, await invite.ExitAsync(TimeSpan.FromSeconds(40)));
        Assert.Contains("STUN", invite.Output, StringComparison.Ordinal);
        Assert.True(liar.Answered > 0);
    }

    [Fact]
    public async Task SIGTERM_ends_an_acceptor_within_a_second()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        ProgramRun accept = scenario.Accept(scenario.AddPublicMachine(Bob));
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.True(accept.IsRunning, accept.Output);

        accept.AskToEnd();

        // The promise is a second; a machine that runs other tests meanwhile may take another one.
        await accept.ExitAsync(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Hostile_datagrams_do_not_keep_an_acceptor_from_its_work()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        Machine alice = scenario.AddMachine(Alice, null, NatRecipe.PortRestricted), bob = scenario.AddPublicMachine(Bob);
        Scenario.Acquaint(alice, bob);
        ProgramRun accept = scenario.Accept(bob);
        await Task.Delay(TimeSpan.FromSeconds(2));
        NamespaceHost attacker = scenario.Internet.AddPublicHost("attacker");
        using (CancellationTokenSource end = new())
        {
            Task attack = AttackAsync(attacker, bob.Host, end.Token);
            ProgramRun invite = scenario.Invite(alice, bob);
            await Scenario.TalkedAsync(invite, accept, alice, bob);
            await end.CancelAsync();
            await attack;
        }

        Assert.True(accept.IsRunning, accept.Output);
        Assert.InRange(accept.ResidentBytes, 1, 150_000_000);
    }

    [Fact]
    public async Task A_stranger_is_not_answered()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        Machine stranger = scenario.AddPublicMachine("mallory@nowhere.test/pc"), bob = scenario.AddPublicMachine(Bob);
        stranger.Trust(bob); // But bob does not know the stranger.
        ProgramRun accept = scenario.Accept(bob);

        ProgramRun invite = stranger.Run(scenario.Options(stranger, bob, "talk.log"), ("PLEXUS_RESPONSE_TIMEOUT", "5000"));

        Assert.NotEqual(0, await invite.ExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("", bob.ReadLog("talk.log"));
        Assert.True(accept.IsRunning, accept.Output);
    }

    private static IEnumerable<string> WithStun(IEnumerable<string> options, string stun) =>
        options.Select(option => option.StartsWith("--stun-server=", StringComparison.Ordinal) ? stun : option);

    // To all ports that the acceptor has: random bytes, and the beginnings of what each protocol expects.
    private static async Task AttackAsync(NamespaceHost from, NamespaceHost to, CancellationToken cancellationToken)
    {
        int[] ports = [.. to.Namespace.Run(UdpPorts).Distinct()];
        Assert.NotEmpty(ports);
        byte[][] beginnings = [[], [0x01, 0x01, 0x00, 0x08, 0x21, 0x12, 0xa4, 0x42], [0x86, 0xa1, (byte)'e'], [0xdf, 0xff, 0xff, 0xff, 0xff]];
        using Socket socket = from.Namespace.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        byte[] datagram = new byte[1400];
        for (int i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            RandomNumberGenerator.Fill(datagram);
            beginnings[i % beginnings.Length].CopyTo(datagram.AsSpan());
            await socket.SendToAsync(
                datagram.AsMemory(0, RandomNumberGenerator.GetInt32(datagram.Length)), new IPEndPoint(to.Address, ports[i % ports.Length]), CancellationToken.None);
            if (i % 20 == 0) await Task.Delay(1, CancellationToken.None);
        }
    }

    private static IEnumerable<int> UdpPorts() =>
        File.ReadAllLines("/proc/thread-self/net/udp").Skip(1)
            .Select(line => Convert.ToInt32(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1].Split(':')[1], 16));
}
