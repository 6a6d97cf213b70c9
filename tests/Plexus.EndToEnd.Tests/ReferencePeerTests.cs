using System.Diagnostics;
using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary>The classic command line against a peer that behaves like the original's release 3.2, through the real OpenDHT library.</summary>
public sealed class ReferencePeerTests(ITestOutputHelper output)
{
    // Behind a NAT the original explores for six seconds before it says anything.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(50);

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 3)]
    public async Task A_reference_peer_accepts_our_invitations(bool behindNats, int meetings)
    {
        using Scenario scenario = await StartAsync();
        (Machine ours, Machine reference) = AddPair(scenario, behindNats);
        ProgramRun accept = Accept(scenario, reference, isReference: true);
        await accept.SaysAsync("waiting", Patience);

        for (int meeting = 1; meeting <= meetings; meeting++)
        {
            ProgramRun invite = Invite(scenario, ours, reference, isReference: false);
            await MetAsync(invite, accept, ours, reference, meeting);
        }
    }

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 3)]
    public async Task We_accept_a_reference_peers_invitations(bool behindNats, int meetings)
    {
        using Scenario scenario = await StartAsync();
        (Machine ours, Machine reference) = AddPair(scenario, behindNats);
        ProgramRun accept = Accept(scenario, ours, isReference: false);

        for (int meeting = 1; meeting <= meetings; meeting++)
        {
            await NextSecondAsync();
            ProgramRun invite = Invite(scenario, reference, ours, isReference: true);
            await MetAsync(invite, accept, reference, ours, meeting);
        }
    }

    [Theory]
    [InlineData(false)] // It ignores what was invited before its start, so this takes a repetition.
    [InlineData(true)]
    public async Task The_inviter_may_come_first(bool referenceInvites)
    {
        using Scenario scenario = await StartAsync();
        (Machine ours, Machine reference) = AddPair(scenario, behindNats: false);
        (Machine inviter, Machine acceptor) = referenceInvites ? (reference, ours) : (ours, reference);

        ProgramRun invite = Invite(scenario, inviter, acceptor, referenceInvites);
        await Task.Delay(TimeSpan.FromSeconds(2.2)); // Past the second of the first invitation, before its first repetition.
        ProgramRun accept = Accept(scenario, acceptor, isReference: !referenceInvites);

        await MetAsync(invite, accept, inviter, acceptor);
    }

    [Fact]
    public async Task An_invitation_that_the_original_oversleeps_is_made_good()
    {
        using Scenario scenario = await StartAsync();
        (Machine ours, Machine reference) = AddPair(scenario, behindNats: false);
        ProgramRun accept = Accept(scenario, reference, isReference: true, "--lose=1");
        await accept.SaysAsync("waiting", Patience);

        ProgramRun invite = Invite(scenario, ours, reference, isReference: false);

        await MetAsync(invite, accept, ours, reference);
    }

    [Fact]
    public async Task A_fixed_port_of_the_original_survives_our_repetitions()
    {
        using Scenario scenario = await StartAsync();
        (Machine ours, Machine reference) = AddPair(scenario, behindNats: true);
        // Each repetition starts an attempt, and all of them share the port: the original's attempts steal each other's datagrams.
        ProgramRun accept = Accept(scenario, reference, isReference: true, "--stun-client=0.0.0.0:1974");
        await accept.SaysAsync("waiting", Patience);

        ProgramRun invite = Invite(scenario, ours, reference, isReference: false);

        await MetAsync(invite, accept, ours, reference);
    }

    [Theory]
    [InlineData(2048, 4096)]
    [InlineData(4096, 2048)]
    public async Task Keys_of_both_sizes_are_understood(int ourBits, int theirBits)
    {
        using Scenario scenario = await StartAsync();
        Machine ours = scenario.AddPublicMachine($"ours@test/{ourBits}", ourBits);
        Machine reference = scenario.AddPublicMachine($"reference@test/{theirBits}", theirBits);
        Scenario.Acquaint(ours, reference);

        ProgramRun weAccept = Accept(scenario, ours, isReference: false);
        ProgramRun theyInvite = Invite(scenario, reference, ours, isReference: true);
        await MetAsync(theyInvite, weAccept, reference, ours);

        ProgramRun theyAccept = Accept(scenario, reference, isReference: true);
        ProgramRun weInvite = Invite(scenario, ours, reference, isReference: false);
        await MetAsync(weInvite, theyAccept, ours, reference, 2);
    }

    private static Task<Scenario> StartAsync()
    {
        Kernel.ServersAreNeeded();
        if (ReferencePeerProgram.WhyNot is { } reason) Assert.Skip(reason);
        _ = ReferencePeerProgram.Path; // Compiled before anything is timed.
        return Scenario.StartAsync();
    }

    private static (Machine Ours, Machine Reference) AddPair(Scenario scenario, bool behindNats) =>
        scenario.AddPair("ours@test/one", "reference@test/two", behindNats ? [NatRecipe.PortRestricted] : []);

    private static ProgramRun Accept(Scenario scenario, Machine host, bool isReference, params IEnumerable<string> more) =>
        Start(host, isReference, ["--accept", .. scenario.Meeting(host, null), .. more]);

    private static ProgramRun Invite(Scenario scenario, Machine host, Machine peer, bool isReference) =>
        Start(host, isReference, scenario.Meeting(host, peer));

    private static ProgramRun Start(Machine host, bool isReference, IEnumerable<string> arguments) => host.RunOther(
        isReference ? ReferencePeerProgram.Path : PlexusProgram.Path,
        [.. arguments, $"--exec-command={ReferencePeerProgram.Path}", $"--exec-args={ReferencePeerProgram.TalkArguments}",
        $"--exec-log={host.FileNamed("talk.log")}", "--log-level=debug"]);

    // An original's ids are seconds, and it makes no second try.
    private static Task NextSecondAsync() => Task.Delay(TimeSpan.FromMilliseconds(1_050 - DateTime.UtcNow.Millisecond));

    /// <summary>Waits until the inviter has ended well, and each side's command has heard the other's and was told what fits it.</summary>
    private async Task MetAsync(ProgramRun invite, ProgramRun accept, Machine inviter, Machine acceptor, int meetings = 1)
    {
        int code = await invite.ExitAsync(Patience);
        output.WriteLine($"{inviter.Name} invited: {Stopwatch.GetElapsedTime(invite.StartedAt).TotalSeconds:0.000} s to its end");
        Assert.True(code == 0, $"The inviter ended with {code}.\n{invite.Output}\nThe acceptor:\n{accept.Output}");
        await Eventually.Async(
            () => Done(inviter).Length == meetings && Done(acceptor).Length == meetings,
            Patience,
            () => $"The commands have not heard each other.\n{Told(inviter)}\n{Told(acceptor)}\n{invite.Output}\n{accept.Output}");

        TalkReport one = Done(inviter)[^1];
        TalkReport other = Assert.Single(Done(acceptor), report => report.Secret == one.Secret);
        Assert.Equal((one.Outer, one.Peer), (other.Peer, other.Outer));
        Assert.Equal((acceptor.Pin, inviter.Pin), (one.Heard, other.Heard));
    }

    private static TalkReport[] Done(Machine machine) => [.. TalkReport.ReadAll(Told(machine)).Where(report => report.IsDone)];

    private static string Told(Machine machine) => machine.ReadLog("talk.log");
}
