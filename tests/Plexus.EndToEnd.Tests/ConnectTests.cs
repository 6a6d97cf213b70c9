using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary>The main job, with the built program, the kernel's NATs, OpenDHT's node and coturn.</summary>
public sealed class ConnectTests
{
    private const string Alice = "alice@home.test/laptop";
    private const string Bob = "bob@work.test/server";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>The inviter's NATs and the acceptor's, the outermost first; none is a public address.</summary>
    public static TheoryData<string, string, bool> Passable { get; } = new()
    {
        { "public", "public", true },
        { "restricted", "restricted", true },
        { "restricted", "restricted", false },
        { "public", "restricted", true },
        { "restricted", "public", true },
        { "answering", "answering", true }, // Only because the acceptor's first datagrams die on their way.
        { "restricted", "answering", true },
        { "answering", "restricted", true },
        { "cone", "restricted", true },
        { "restricted restricted", "restricted", true },
        { "restricted", "restricted restricted", false },
    };

    [Theory]
    [MemberData(nameof(Passable))]
    public async Task A_passage_opens_and_carries_datagrams_both_ways(string inviter, string acceptor, bool acceptorFirst)
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        Machine alice = scenario.AddMachine(Alice, null, Recipes(inviter)), bob = scenario.AddMachine(Bob, null, Recipes(acceptor));
        Scenario.Acquaint(alice, bob);

        ProgramRun accept, invite;
        if (acceptorFirst)
        {
            accept = scenario.Accept(bob);
            await Task.Delay(TimeSpan.FromSeconds(1)); // It waits already.
            invite = scenario.Invite(alice, bob);
        }
        else
        {
            invite = scenario.Invite(alice, bob);
            await Task.Delay(TimeSpan.FromSeconds(3)); // The invitation was there before anybody could read it.
            accept = scenario.Accept(bob);
        }

        await Scenario.TalkedAsync(invite, accept, alice, bob);
        Assert.True(accept.IsRunning, "An acceptor goes on listening.\n" + accept.Output);
    }

    /// <summary>EIM+APDF against APDM+APDF: one port number would have to be guessed.</summary>
    [Theory]
    [InlineData("random", "restricted")]
    [InlineData("restricted", "random")]
    [InlineData("random", "random")]
    public async Task A_NAT_with_random_ports_ends_with_a_clear_message(string inviter, string acceptor)
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        Machine alice = scenario.AddMachine(Alice, null, Recipes(inviter)), bob = scenario.AddMachine(Bob, null, Recipes(acceptor));
        Scenario.Acquaint(alice, bob);
        ProgramRun accept = scenario.Accept(bob);
        ProgramRun invite = alice.Run(
            [.. scenario.Options(alice, bob, "talk.log")], ("PLEXUS_HANDSHAKE_TIMEOUT", "6000"), ("PLEXUS_RESPONSE_TIMEOUT", "15000"));

        Assert.NotEqual(0, await invite.ExitAsync(TimeSpan.FromSeconds(40)));
        Assert.Matches("(?i)nat", invite.Output);
        Assert.True(accept.IsRunning, "A failed attempt does not end an acceptor.\n" + accept.Output);
    }

    /// <summary>Theory says yes: the open side answers to the port that it sees.</summary>
    [Theory]
    [InlineData("random", "public")]
    [InlineData("random", "cone")]
    [InlineData("public", "random")]
    public async Task Random_ports_against_an_open_side_connect(string inviter, string acceptor)
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        Machine alice = scenario.AddMachine(Alice, null, Recipes(inviter)), bob = scenario.AddMachine(Bob, null, Recipes(acceptor));
        Scenario.Acquaint(alice, bob);
        ProgramRun accept = scenario.Accept(bob);
        ProgramRun invite = scenario.Invite(alice, bob);
        await Scenario.TalkedAsync(invite, accept, alice, bob);
    }

    [Fact]
    public async Task Twenty_invitations_in_a_row_are_all_delivered()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        Machine alice = scenario.AddPublicMachine(Alice), bob = scenario.AddPublicMachine(Bob);
        Scenario.Acquaint(alice, bob);
        ProgramRun accept = scenario.Accept(bob);
        for (int i = 0; i < 20; i++)
        {
            ProgramRun invite = scenario.Invite(alice, bob, $"talk{i}.log");
            int code = await invite.ExitAsync(Soon);
            Assert.True(code == 0, $"Invitation {i} ended with {code}.\n{invite.Output}\nThe acceptor:\n{accept.Output}");
            await Scenario.HeardAsync(alice, bob.Pin, $"talk{i}.log", invite, accept);
        }

        await Eventually.Async(() => bob.ReadLog("talk.log").Split("laptop: Good bye!").Length == 21, Soon, () => bob.ReadLog("talk.log"));
    }

    [Fact]
    public async Task Eight_inviters_at_once_are_all_served()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        Machine bob = scenario.AddMachine(Bob, null, NatRecipe.PortRestricted);
        Machine[] inviters = [.. Enumerable.Range(1, 8).Select(i => scenario.AddPublicMachine($"user{i}@home.test/pc{i}"))];
        foreach (Machine inviter in inviters) Scenario.Acquaint(inviter, bob);
        ProgramRun accept = scenario.Accept(bob);

        ProgramRun[] invites = [.. inviters.Select(inviter => scenario.Invite(inviter, bob))];

        for (int i = 0; i < inviters.Length; i++) await Scenario.TalkedAsync(invites[i], accept, inviters[i], bob);
    }

    [Fact]
    public async Task The_command_learns_the_passage_from_wildcards_and_environment()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        Machine alice = scenario.AddMachine(Alice, null, NatRecipe.PortRestricted), bob = scenario.AddPublicMachine(Bob);
        Scenario.Acquaint(alice, bob);
        string script = alice.FileNamed("told.sh");
        File.WriteAllText(script, "#!/bin/sh\necho \"arguments: $*\"\nenv | grep '^PLEXUS_' | sort\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        ProgramRun accept = scenario.Accept(bob);
        ProgramRun invite = alice.Run(
        [
            .. scenario.Options(alice, bob, "told.log").Where(option => !option.StartsWith("--exec-command", StringComparison.Ordinal)
                && !option.StartsWith("--exec-args", StringComparison.Ordinal)),
            $"--exec-command={script}",
            "--exec-args=%outerip% %peerip% %hostpin% %peerpin% %hostemail% %hostmail% %peermail% %innerport% %peerport%",
        ]);

        Assert.Equal(0, await invite.ExitAsync(Soon));
        await Eventually.Async(() => alice.ReadLog("told.log").Contains("PLEXUS_SECRET=", StringComparison.Ordinal), Soon, () => invite.Output);
        string told = alice.ReadLog("told.log");
        Assert.Matches(
            $@"arguments: 203\.0\.113\.1 {bob.Host.Address} laptop server alice@home\.test alice@home\.test bob@work\.test \d+ \d+\n", told);
        Assert.Contains("PLEXUS_OUTER_IP=203.0.113.1\n", told, StringComparison.Ordinal);
        Assert.Contains($"PLEXUS_PEER_IP={bob.Host.Address}\n", told, StringComparison.Ordinal);
        Assert.Matches(@"PLEXUS_SECRET=\d+\n", told);
        string secret = told.Split("PLEXUS_SECRET=")[1].Split('\n')[0];
        Assert.DoesNotContain(secret, invite.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, accept.Output, StringComparison.Ordinal);
    }

    private static NatRecipe[] Recipes(string names) =>
    [
        .. names.Split(' ').Where(name => name != "public").Select(name => name switch
        {
            "restricted" => NatRecipe.PortRestricted,
            "answering" => NatRecipe.Answering,
            "cone" => NatRecipe.FullCone,
            "random" => NatRecipe.RandomPorts,
            _ => throw new ArgumentException(name),
        }),
    ];
}
