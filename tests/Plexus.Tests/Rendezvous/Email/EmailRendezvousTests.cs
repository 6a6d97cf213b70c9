using System.Text;
using Microsoft.Extensions.Logging;
using Plexus.Identities;
using Plexus.Protocols.Introductions;
using Plexus.Rendezvous;
using Plexus.Rendezvous.Email;
using Plexus.Tests.Identities;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>Both roles over a provider in memory, in virtual time.</summary>
public sealed class EmailRendezvousTests : IDisposable
{
    private const string Alice = "alice@example.com";

    private readonly MailWorld _world = new();
    private readonly List<Invitation> _told = [];

    public void Dispose()
    {
        Assert.Equal(0, _world.ForeignPosts);
        _world.Dispose();
    }

    [Theory]
    [InlineData(true, 0.9)] // Two log-ins, two letters of 100 ms, and a dozen round trips of 20 ms.
    [InlineData(false, 21)] // At most one interval of polling each way.
    public void Two_peers_exchange_introductions(bool canIdle, double seconds)
    {
        _world.Mail.CanIdle = canIdle;
        RunServing(async () =>
        {
            await _world.After(0.1);
            TimeSpan start = _world.Now;
            Introduction theirs = await _world.InviteAsync(7);
            Assert.Equal(MailWorld.Introduction(8) with { IsExtended = true }, theirs);
            Assert.InRange((_world.Now - start).TotalSeconds, 0, seconds);
        });
        Assert.Equal(SampleKeys.Bob, Assert.Single(_told).Peer.Name);
        Assert.Equal(MailWorld.Introduction(7) with { IsExtended = true }, _told[0].Theirs);
        Assert.Equal(0, _world.Mail.Open);
        Assert.Equal(2, _world.Mail.Sent);
        Assert.Empty(_world.Mail.Inbox(Alice).Letters); // Consumed.
        Assert.Empty(_world.Mail.Inbox("bob@example.com").Letters);
    }

    [Fact]
    public void One_mailbox_serves_both_sides_and_other_mail_stays_as_it_is()
    {
        byte[] foreign = Encoding.ASCII.GetBytes("From: x@y\r\nTo: hosta <alice@example.com>\r\nSubject: appname invite tomorrow?\r\n\r\nno\r\n");
        _world.Mail.Deliver(Alice, foreign);
        RunServing(async () =>
        {
            await _world.After(1);
            await using EmailRendezvous bob = _world.Rendezvous(_world.Letters.Bob, mailbox: Alice);
            _world.Mail.Deliver(Alice, foreign);
            // What goes to bob's address arrives in the shared mailbox, too.
            using CancellationTokenSource stop = new();
            Task forwarding = ForwardAsync("bob@example.com", Alice, stop.Token);
            await foreach (Introduction theirs in bob.InviteAsync(_world.Letters.Bob, _world.Letters.Alice, MailWorld.Says(7), stop.Token))
            {
                Assert.Equal(8UL, theirs.Puzzle);
                break;
            }

            stop.Cancel();
            await forwarding;
        });
        Assert.Equal(2, _world.Mail.Inbox(Alice).Letters.Count);
        Assert.Equal(2, _world.Mail.Fetches); // The two letters that were ours, and nothing else.
    }

    [Fact]
    public void Letters_are_flagged_or_kept_as_the_user_chose()
    {
        foreach (ConsumedLetters consumed in (ConsumedLetters[])[ConsumedLetters.Flag, ConsumedLetters.Keep])
        {
            _world.Mail.Inbox(Alice).Letters.Clear();
            _world.Mail.Inbox(Alice).Flagged.Clear();
            RunServing(async () => await _world.InviteAsync(9), options => options with { Consumed = consumed });
            Assert.Single(_world.Mail.Inbox(Alice).Letters);
            Assert.Equal(consumed == ConsumedLetters.Flag ? 1 : 0, _world.Mail.Inbox(Alice).Flagged.Count);
        }
    }

    [Theory]
    [InlineData(50, true)] // An inviter waits a minute.
    [InlineData(200, false)]
    public void An_invitation_that_waits_is_answered_while_its_inviter_may_wait(double age, bool isAnswered)
    {
        Deliver(Letter(_world.Letters.Bob, 7));
        _world.Run(() => _world.After(age));
        RunServing(() => _world.After(5));
        Assert.Equal(isAnswered ? 1 : 0, _told.Count);
        Assert.Empty(_world.Mail.Inbox(Alice).Letters); // It is a peer's in any case.
    }

    [Fact]
    public void An_invitation_waits_for_a_machine_that_is_off_as_long_as_it_lives()
    {
        Func<EmailRendezvousOptions, EmailRendezvousOptions> lives = options => options with { InvitationLifetime = TimeSpan.FromHours(8) };
        _world.Run(
            async () =>
            {
                Task<Introduction> inviting = _world.InviteAsync(7, lives);
                await _world.After(7 * 3600);
                using CancellationTokenSource stop = new();
                Task serving = _world.ServeAsync(_told.Add, lives, stop.Token);
                Assert.Equal(8UL, (await inviting).Puzzle);
                stop.Cancel();
                await serving;
            },
            TimeSpan.FromHours(9));
        Assert.Single(_told); // The invitation and its one repetition.
        Assert.Equal(3, _world.Mail.Sent);
    }

    [Fact]
    public void A_changed_endpoint_is_told_and_leads_to_a_new_attempt()
    {
        string endPoint = "198.51.100.7:4000";
        Func<EmailRendezvousOptions, EmailRendezvousOptions> lives = options => options with { InvitationLifetime = TimeSpan.FromHours(1) };
        _world.Run(async () =>
        {
            using CancellationTokenSource stop = new();
            await using EmailRendezvous bob = _world.Rendezvous(_world.Letters.Bob, lives);
            IAsyncEnumerator<Introduction> answers = bob
                .InviteAsync(_world.Letters.Bob, _world.Letters.Alice, _ => Task.FromResult(MailWorld.Introduction(7, endPoint)), stop.Token).GetAsyncEnumerator(CancellationToken.None);
            ValueTask<bool> first = answers.MoveNextAsync();
            await _world.After(600);
            endPoint = "198.51.100.7:4999";
            await _world.After(600);
            Task serving = _world.ServeAsync(_told.Add, lives, stop.Token);
            Assert.True(await first);
            stop.Cancel();
            await answers.DisposeAsync();
            await serving;
        });
        Assert.Equal("198.51.100.7:4999", Assert.Single(_told).Theirs.EndPoint.ToString()); // The older letters of the same attempt lead nowhere.
    }

    [Fact]
    public void Silence_is_told_when_the_time_has_passed() => _world.Run(async () =>
    {
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => _world.InviteAsync(7));
        Assert.Equal(PlexusStage.Rendezvous, e.Stage);
        Assert.Contains("did not answer by e-mail within 60 s", e.Message, StringComparison.Ordinal);
        Assert.InRange(_world.Now.TotalSeconds, 60, 62);
        Assert.Equal(0, _world.Mail.Open);
    });

    [Fact]
    public void A_refused_login_ends_an_invitation_at_once_and_is_tried_slowly_by_an_acceptor()
    {
        _world.Mail.RefusesLogins = true;
        _world.Run(async () =>
        {
            PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => _world.InviteAsync(7));
            Assert.Contains("refuses the login", e.Message, StringComparison.Ordinal);
            Assert.InRange(_world.Now.TotalSeconds, 0, 1);
        });
        int before = _world.Mail.RefusedLogins;
        RunServing(() => _world.After(3600));
        Assert.InRange(_world.Mail.RefusedLogins - before, 4, 8);
        Assert.Contains(_world.Log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("refuses the login", StringComparison.Ordinal));
    }

    [Fact]
    public void An_invitation_survives_a_provider_that_comes_late()
    {
        _world.Mail.IsDown = true;
        RunServing(async () =>
        {
            Task<Introduction> inviting = _world.InviteAsync(7);
            await _world.After(20);
            _world.Mail.IsDown = false;
            Assert.Equal(8UL, (await inviting).Puzzle);
            Assert.InRange(_world.Now.TotalSeconds, 20, 60);
        });
    }

    [Fact]
    public void What_comes_while_the_line_is_broken_is_read_afterwards()
    {
        RunServing(async () =>
        {
            await _world.After(1);
            _world.Mail.IsDown = true;
            _world.Mail.Drop();
            Deliver(Letter(_world.Letters.Bob, 7));
            await _world.After(30);
            _world.Mail.IsDown = false;
            await _world.After(60);
        });
        Assert.Single(_told);
    }

    [Fact]
    public void A_mailbox_that_is_numbered_anew_loses_and_repeats_nothing()
    {
        RunServing(
            async () =>
            {
                await _world.After(1);
                Deliver(Letter(_world.Letters.Bob, 7));
                await _world.After(1);
                _world.Mail.Drop();
                Deliver(Letter(_world.Letters.Bob, 9));
                _world.Mail.Inbox(Alice).Renumber();
                await _world.After(60);
                Deliver(Letter(_world.Letters.Bob, 11));
                await _world.After(60);
            },
            options => options with { Consumed = ConsumedLetters.Keep });
        Assert.Equal([7UL, 9, 11], _told.Select(invitation => invitation.Theirs.Puzzle));
    }

    [Fact]
    public void A_server_that_says_nothing_while_idling_is_asked_all_the_same()
    {
        _world.Mail.TellsWhileIdling = false;
        RunServing(async () =>
        {
            await _world.After(1);
            Deliver(Letter(_world.Letters.Bob, 7));
            await _world.After(120);
        });
        Assert.Single(_told);
    }

    [Fact]
    public void A_repeated_invitation_is_answered_again_and_starts_nothing()
    {
        RunServing(async () =>
        {
            for (int i = 0; i < 8; i++)
            {
                Deliver(Letter(_world.Letters.Bob, 7));
                await _world.After(2);
            }
        });
        Assert.Single(_told);
        Assert.Equal(4, _world.Mail.Sent); // Not for ever.
    }

    [Fact]
    public void Advents_are_told_and_heard() => _world.Run(async () =>
    {
        using CancellationTokenSource stop = new();
        await using EmailRendezvous alice = _world.Rendezvous(_world.Letters.Alice), bob = _world.Rendezvous(_world.Letters.Bob);
        IAsyncEnumerator<Identity> advents = alice.ReceiveAdventsAsync(_world.Letters.Alice, IdentityName.Any, stop.Token).GetAsyncEnumerator(CancellationToken.None);
        ValueTask<bool> first = advents.MoveNextAsync();
        await bob.ForwardAdventAsync(_world.Letters.Bob, _world.Letters.Alice);
        Assert.True(await first);
        Assert.Equal(SampleKeys.Bob, advents.Current.Name);
        await advents.DisposeAsync();
    });

    [Fact]
    public void What_both_can_speak_is_told() => _world.Run(async () =>
    {
        const PassageCapabilities Both = PassageCapabilities.SecureStreams | PassageCapabilities.Multiplexing;
        using CancellationTokenSource stop = new();
        await using EmailRendezvous alice = _world.Rendezvous(_world.Letters.Alice), bob = _world.Rendezvous(_world.Letters.Bob);
        IAsyncEnumerator<Introduction> answers = bob.InviteAsync(
            _world.Letters.Bob, _world.Letters.Alice, _ => Task.FromResult(MailWorld.Introduction(7) with { Capabilities = Both }), stop.Token).GetAsyncEnumerator(CancellationToken.None);
        IAsyncEnumerator<Invitation> invitations = alice.AcceptAsync(_world.Letters.Alice, IdentityName.Any, stop.Token).GetAsyncEnumerator(CancellationToken.None);
        ValueTask<bool> answered = answers.MoveNextAsync();
        Assert.True(await invitations.MoveNextAsync());
        Assert.Equal(Both, invitations.Current.Theirs.Capabilities);
        await invitations.Current.AnswerAsync(MailWorld.Introduction(8) with { Capabilities = PassageCapabilities.SecureStreams });
        Assert.True(await answered);
        Assert.Equal(PassageCapabilities.SecureStreams, answers.Current.Capabilities);
        await answers.DisposeAsync();
        await invitations.DisposeAsync();
    });

    [Fact]
    public void The_secret_is_nowhere_in_the_log()
    {
        RunServing(() => _world.InviteAsync(7));
        Assert.DoesNotContain(_world.Log.Lines, line => line.Text.Contains("secret", StringComparison.Ordinal));
        Assert.Equal("***", MailWorld.Options.Secret.ToString());
        Assert.DoesNotContain("\"secret\"", MailWorld.Options.ToString(), StringComparison.Ordinal);
        Assert.Contains("Secret = ***", MailWorld.Options.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_owner_that_is_no_address_is_told()
    {
        IdentityRepository repository = new(_world.Letters.Repository.Path);
        Identity host = repository.Create(IdentityName.Parse("word/pin"), 2048);
        _world.Run(async () =>
        {
            await using EmailRendezvous rendezvous = _world.Rendezvous(host);
            PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => rendezvous.ForwardAdventAsync(host, _world.Letters.Alice));
            Assert.Contains("mail address", e.Message, StringComparison.Ordinal);
        });
    }

    private byte[] Letter(Identity sender, ulong puzzle) => SealedLetter.Seal(
        sender, _world.Letters.Alice, "appname invite",
        IntroductionText.Write(MailWorld.Introduction(puzzle).EndPoint, new Puzzle(puzzle)), _world.Clock.GetUtcNow());

    private void Deliver(byte[] letter) => _world.Mail.Deliver(Alice, letter);

    private async Task ForwardAsync(string from, string to, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await _world.After(0.1);
            foreach (LabLetter letter in _world.Mail.Inbox(from).Letters) _world.Mail.Deliver(to, letter.Bytes);
            _world.Mail.Inbox(from).Letters.Clear();
        }
    }

    private void RunServing(Func<Task> scenario, Func<EmailRendezvousOptions, EmailRendezvousOptions>? change = null) => _world.Run(
        async () =>
        {
            using CancellationTokenSource stop = new();
            Task serving = _world.ServeAsync(_told.Add, change, stop.Token);
            await scenario();
            await _world.After(2); // Deletions and answers under way.
            stop.Cancel();
            await serving;
        },
        TimeSpan.FromHours(3));
}
