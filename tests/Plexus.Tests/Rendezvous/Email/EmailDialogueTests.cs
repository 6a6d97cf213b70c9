using System.Text;
using Plexus.Identities;
using Plexus.Rendezvous;
using Plexus.Rendezvous.Email;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>MailKit's side against servers that answer as those of the recorded dialogues, and worse.</summary>
public sealed class EmailDialogueTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly SampleLetters _letters = new();
    private readonly Microsoft.Extensions.Time.Testing.FakeTimeProvider _day = new(SampleLetters.CaptureDay.AddHours(4.5)); // The letters of the captures are fresh then.

    public void Dispose() => _letters.Dispose();

    [Theory]
    [InlineData("3.2.3", "as recorded")]
    [InlineData("3.4.1", "as recorded")]
    [InlineData("3.2.3", "waiting")]
    [InlineData("3.2.3", "long capabilities")] // Number 12 of the original's defects.
    [InlineData("3.2.3", "no next uid")]
    [InlineData("3.2.3", "good bye")]
    [InlineData("3.2.3", "no search")]
    public async Task An_invitation_of_an_original_is_read_from_such_a_server(string version, string quirk)
    {
        using ScriptedImap imap = new(version);
        byte[] letter = SampleLetters.Captured(version, "invite");
        if (quirk == "long capabilities") imap.Capabilities += string.Concat(Enumerable.Range(0, 700).Select(i => $" X-CAPABILITY-{i}"));
        if (quirk == "no next uid") imap.TellsNextUid = false;
        if (quirk == "good bye") imap.GoodByes = 1;
        if (quirk == "no search") imap.RefusesSearches = true;
        if (quirk is "waiting" or "no search") imap.Deliver(letter);
        await using EmailRendezvous rendezvous = new(_letters.Repository, Options(imap.Server.Name), Account(imap.Server.Name), () => 0, new CaptureClock(_day));
        IAsyncEnumerator<Invitation> invitations = rendezvous.AcceptAsync(_letters.Alice, IdentityName.Any).GetAsyncEnumerator();
        ValueTask<bool> first = invitations.MoveNextAsync();
        if (quirk is not ("waiting" or "no search"))
        {
            await UntilAsync(() => imap.IsIdling, imap.Server);
            imap.Deliver(letter);
        }

        Assert.True(await first.AsTask().WaitAsync(Soon));
        Assert.Equal(_letters.Bob.Name, invitations.Current.Peer.Name);
        Assert.Equal(SampleLetters.CapturedText(version, "invite").Split(' ')[2], invitations.Current.Theirs.EndPoint.Address.ToString());
        Assert.DoesNotContain(imap.Server.Lines, line => line.Contains("BODY[", StringComparison.Ordinal)); // PEEK, so nothing is marked as seen.
        await invitations.DisposeAsync();
        Assert.Equal(1, imap.Deleted);
    }

    [Fact]
    public async Task A_letter_goes_out_byte_for_byte()
    {
        List<string> data = [];
        bool isData = false;
        using ScriptedServer smtp = new("220 mail.test ESMTP\r\n", line =>
        {
            if (isData)
            {
                if (line != ".") data.Add(line);
                else isData = false;
                return isData || line != "." ? "" : "250 2.0.0 Ok: queued\r\n";
            }

            isData = line == "DATA";
            return line.Split(' ')[0] switch
            {
                "EHLO" => "250-mail.test\r\n250-PIPELINING\r\n250 AUTH LOGIN\r\n",
                "AUTH" => "334 VXNlcm5hbWU6\r\n",
                "c29tZWJvZHk=" => "334 UGFzc3dvcmQ6\r\n",
                "c2VjcmV0" => "235 2.7.0 Authentication successful\r\n",
                "DATA" => "354 End data with <CR><LF>.<CR><LF>\r\n",
                _ => "250 2.1.0 Ok\r\n",
            };
        });
        byte[] letter = SealedLetter.Seal(_letters.Bob, _letters.Alice, SampleLetters.Subject, "PLEXUS 3.0 1.2.3.4 5 6", SampleLetters.CaptureDay, SampleLetters.Extension);
        await using IOutbox outbox = await Account(smtp.Name).OpenOutboxAsync(CancellationToken.None);
        await outbox.SendAsync(new OutgoingLetter("bob@example.com", "alice@example.com", letter), CancellationToken.None);
        Assert.Equal(Encoding.ASCII.GetString(letter), string.Concat(data.Select(line => line + "\r\n")));
        Assert.Contains(smtp.Lines, line => line.StartsWith("MAIL FROM:<bob@example.com>", StringComparison.Ordinal));
        Assert.Contains("RCPT TO:<alice@example.com>", smtp.Lines);
    }

    [Theory]
    [InlineData("AUTH PLAIN XOAUTH2", "XOAUTH2", "user=somebody\u0001auth=Bearer the-token\u0001\u0001")]
    [InlineData("AUTH XOAUTH2 OAUTHBEARER", "OAUTHBEARER", "n,a=somebody,\u0001host=127.0.0.1\u0001port=")]
    public async Task A_token_is_given_as_the_server_wants_it(string offer, string mechanism, string content)
    {
        using ScriptedServer smtp = new("220 mail.test ESMTP\r\n", line => line.Split(' ')[0] switch
        {
            "EHLO" => $"250-mail.test\r\n250 {offer}\r\n",
            "AUTH" => "235 2.7.0 Accepted\r\n",
            _ => "250 Ok\r\n",
        });
        await (await Account(smtp.Name, EmailSecret.TokenCommand("echo the-token")).OpenOutboxAsync(CancellationToken.None)).DisposeAsync();
        string[] words = smtp.Lines.Single(line => line.StartsWith("AUTH", StringComparison.Ordinal)).Split(' ');
        Assert.Equal(mechanism, words[1]);
        string given = Encoding.ASCII.GetString(Convert.FromBase64String(words[2]));
        Assert.StartsWith(content, given, StringComparison.Ordinal);
        Assert.Contains("the-token", given, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("535 5.7.8 Bad password secret, sorry\r\n", MailFailure.LoginRefused, "5.7.8 Bad password ***, sorry")]
    [InlineData("454 4.7.0 Temporary authentication failure\r\n", MailFailure.Busy, "cannot check logins now")]
    internal async Task A_refused_login_is_told_without_the_password(string answer, MailFailure failure, string sentence)
    {
        using ScriptedServer smtp = new("220 mail.test ESMTP\r\n", line => line.StartsWith("EHLO", StringComparison.Ordinal) ? "250-x\r\n250 AUTH PLAIN\r\n" : answer);
        MailException e = await Assert.ThrowsAsync<MailException>(() => Account(smtp.Name).OpenOutboxAsync(CancellationToken.None));
        Assert.Equal(failure, e.Failure);
        Assert.Contains(sentence, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("550 5.1.1 No such user\r\n", MailFailure.Refused, "does not deliver to alice@example.com")]
    [InlineData("450 4.2.0 Greylisted\r\n", MailFailure.Busy, "Greylisted")]
    internal async Task A_refused_recipient_is_told(string answer, MailFailure failure, string sentence)
    {
        using ScriptedServer smtp = new("220 mail.test ESMTP\r\n", line => line.Split(' ')[0] switch
        {
            "EHLO" => "250-x\r\n250 AUTH PLAIN\r\n",
            "AUTH" => "235 Ok\r\n",
            "RCPT" => answer,
            _ => "250 Ok\r\n",
        });
        await using IOutbox outbox = await Account(smtp.Name).OpenOutboxAsync(CancellationToken.None);
        byte[] letter = SampleLetters.Captured("3.2.3", "invite");
        MailException e = await Assert.ThrowsAsync<MailException>(() => outbox.SendAsync(new("bob@example.com", "alice@example.com", letter), CancellationToken.None));
        Assert.Equal(failure, e.Failure);
        Assert.Contains(sentence, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("* BYE too many connections\r\n")]
    [InlineData("nonsense\r\n\r\n\0\0\r\n")]
    [InlineData("* OK hello\r\n* FETCH (((((((\r\n")]
    public async Task Nonsense_of_a_server_is_a_failure_and_nothing_else(string greeting)
    {
        using ScriptedServer imap = new(greeting, _ => "* 99999999999999999999 EXISTS {99999999999}\r\n* ((((\r\nA BAD\r\n");
        MailException e = await Assert.ThrowsAsync<MailException>(() => Account(imap.Name).OpenMailboxAsync(CancellationToken.None));
        Assert.False(e.NeedsTheUser);
    }

    private static EmailRendezvousOptions Options(MailServer server, EmailSecret? secret = null) => MailWorld.Options with
    {
        Smtp = server, Imap = server, AcceptsAnyServer = true, Secret = secret ?? MailWorld.Options.Secret,
    };

    private static MailKitAccount Account(MailServer server, EmailSecret? secret = null) => new(Options(server, secret), TimeProvider.System);

    private static async Task UntilAsync(Func<bool> condition, ScriptedServer server)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Soon, string.Join('\n', server.Lines));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    /// <summary>The day of the captures, with real timers.</summary>
    private sealed class CaptureClock(TimeProvider day) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => day.GetUtcNow();
    }
}
