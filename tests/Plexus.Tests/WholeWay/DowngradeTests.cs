using Plexus.Lab;
using Plexus.Passages;
using Plexus.Tests.Identities;

namespace Plexus.Tests.WholeWay;

/// <summary>Somebody shows what a peer signed when it still ran the original, so that nothing would be encrypted.</summary>
public sealed class DowngradeTests : IDisposable
{
    private readonly World _world = new();
    private readonly TemporaryFolder _folder = new();
    private readonly LabHost _alice;
    private readonly LabHost _bob;

    public DowngradeTests()
    {
        _alice = _world.Internet.AddHost("alice", "198.51.100.50");
        _bob = _world.Internet.AddHost("bob", "203.0.113.80");
    }

    public void Dispose()
    {
        _world.Dispose();
        _folder.Dispose();
    }

    [Theory] // Whether the victim announces that it can encrypt, and whether it lets the old introduction in.
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void An_acceptor_refuses_it_once_it_knows_the_peer(bool encrypts, bool letsIn)
    {
        _world.Run(async () =>
        {
            await MeetAsync(Add("alice", _alice), Add("bob", _bob));
            Side alice = Add("alice", _alice, isFooled: true, encrypts), bob = Add("bob", _bob);
            Task<Passage> accepting = alice.AcceptOneAsync();
            await _world.After(5);
            Task<Passage> inviting = bob.InviteAsync(SampleKeys.Alice);
            await _world.After(20);
            Assert.Equal(letsIn, accepting.IsCompletedSuccessfully);
            Assert.Equal(!letsIn, _world.Log.Lines.Any(line => line.Who == "alice" && line.Text.Contains("in the form of the original", StringComparison.Ordinal)));
            await EndAsync(accepting, inviting, alice, bob);
        });
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void An_inviter_refuses_it_once_it_knows_the_peer(bool encrypts, bool letsIn)
    {
        _world.Run(async () =>
        {
            await MeetAsync(Add("alice", _alice), Add("bob", _bob));
            Side alice = Add("alice", _alice), bob = Add("bob", _bob, isFooled: true, encrypts);
            Task<Passage> accepting = alice.AcceptOneAsync();
            await _world.After(5);
            Task<Passage> inviting = bob.InviteAsync(SampleKeys.Alice);
            await _world.After(20);
            Assert.Equal(letsIn, inviting.IsCompletedSuccessfully);
            await EndAsync(accepting, inviting, alice, bob);
        });
    }

    [Fact]
    public void A_peer_that_was_never_seen_with_this_program_may_run_the_original() => _world.Run(async () =>
    {
        Side alice = Add("alice", _alice, isFooled: true), bob = Add("bob", _bob);
        Task<Passage> accepting = alice.AcceptOneAsync();
        await _world.After(5);
        await using Passage ours = await bob.InviteAsync(SampleKeys.Alice);
        await using Passage theirs = await accepting;
        Assert.Equal(PassageCapabilities.None, theirs.Ticket.PeerCapabilities);
        await alice.DisposeAsync();
        await bob.DisposeAsync();
    });

    [Fact]
    public void Who_is_remembered_can_be_read_and_taken_out()
    {
        _world.Run(() => MeetAsync(Add("alice", _alice), Add("bob", _bob)));
        Assert.Equal($"{SampleKeys.IdOf("bob")} {SampleKeys.Bob}\n", File.ReadAllText(_folder["alice", "peers-with-extension"]));
        File.Delete(_folder["alice", "peers-with-extension"]);
        A_peer_that_was_never_seen_with_this_program_may_run_the_original();
    }

    [Fact]
    public void A_folder_that_cannot_be_used_costs_a_warning()
    {
        File.WriteAllText(_folder["alice"], "a file");
        _world.Run(() => MeetAsync(Add("alice", _alice), Add("bob", _bob)));
        Assert.Single(_world.Log.Lines, line => line.Who == "alice" && line.Text.StartsWith("Which peers have this program cannot be remembered", StringComparison.Ordinal));
    }

    private static async Task EndAsync(Task<Passage> accepting, Task<Passage> inviting, params Side[] sides)
    {
        foreach (Side side in sides) await side.DisposeAsync();
        foreach (Task<Passage> one in new[] { accepting, inviting })
        {
            if (one.IsCompletedSuccessfully) await one.Result.DisposeAsync();
        }
    }

    private async Task MeetAsync(Side alice, Side bob)
    {
        (Passage ours, Passage theirs) = await _world.OpenPassagesAsync(alice, bob);
        await ours.DisposeAsync();
        await theirs.DisposeAsync();
        await alice.DisposeAsync();
        await bob.DisposeAsync();
    }

    private Side Add(string who, LabHost host, bool isFooled = false, bool encrypts = true) => _world.AddSide(
        who,
        host,
        options => options with { StateFolder = _folder[who], Capabilities = encrypts ? options.Capabilities : PassageCapabilities.None },
        isFooled ? rendezvous => new OldIntroductions(rendezvous) : null);
}
