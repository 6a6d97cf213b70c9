using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Plexus.EndToEnd.Fixtures;
using Plexus.Identities;
using Plexus.Rendezvous;
using Plexus.Rendezvous.Email;
using Plexus.Sockets;

namespace Plexus.EndToEnd;

/// <summary>The rendezvous by e-mail over Dovecot and Postfix, on this machine's loopback.</summary>
public sealed class EmailServerTests : IDisposable
{
    private const string Alice = "alice@home.test";
    private const string Bob = "bob@work.test";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("plexus-e2e-mail-");
    private readonly IdentityRepository _repository;
    private readonly Identity _alice;
    private readonly Identity _bob;

    public EmailServerTests()
    {
        foreach (string name in (string[])[$"{Alice}/laptop", $"{Bob}/server"]) TestIdentities.Give(_folder.FullName, name);
        _repository = new IdentityRepository(_folder.FullName);
        _alice = _repository.LoadHost(IdentityName.Parse($"{Alice}/laptop"));
        _bob = _repository.LoadHost(IdentityName.Parse($"{Bob}/server"));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    [InlineData(false, true, false)]
    public async Task Introductions_are_exchanged(bool canIdle, bool isShared, bool startsPlain)
    {
        using MailServers servers = await StartAsync(new(Alice, Bob) { CanIdle = canIdle, Shared = isShared ? Bob : null });
        EmailRendezvousOptions options = Options(servers, startsPlain) with { AnswerPoll = TimeSpan.FromSeconds(2), InvitationPoll = TimeSpan.FromSeconds(2) };
        await using EmailRendezvous accepting = new(_repository, options with { Login = isShared ? Bob : Alice });
        using Serving serving = new(accepting, _alice);
        await serving.ReadyAsync(servers);
        long start = Stopwatch.GetTimestamp();
        Introduction theirs = await InviteAsync(options with { Login = Bob });
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"answered after {seconds:0.00} s"));
        Assert.Equal(8UL, theirs.Puzzle);
        Assert.Equal(_bob.Name, Assert.Single(serving.Told).Peer.Name);
        string[] mailboxes = isShared ? [Bob] : [Alice, Bob];
        await Eventually.Async(() => mailboxes.All(mailbox => servers.Letters(mailbox).Length == 0), Soon, () => "Letters were not deleted.\n" + servers.Log);
    }

    [Fact]
    public async Task An_acceptor_survives_the_restart_of_its_server_and_lines_that_are_cut_while_it_idles()
    {
        using MailServers servers = await StartAsync(new(Alice, Bob));
        using CutLine line = new(servers.Ports.Imaps);
        EmailRendezvousOptions options = Options(servers);
        await using EmailRendezvous accepting = new(_repository, options with { Login = Alice, Imap = new MailServer(new EndpointName("localhost", line.Port)) });
        using Serving serving = new(accepting, _alice);
        await serving.ReadyAsync(servers);
        await servers.RestartDovecotAsync();
        Assert.Equal(8UL, (await InviteAsync(options with { Login = Bob })).Puzzle);
        line.Cut();
        Task<Introduction> inviting = InviteAsync(options with { Login = Bob }); // Its letter comes while nobody watches.
        await Eventually.Async(() => servers.Letters(Alice).Length == 1, Soon, () => servers.Log);
        line.Mend();
        Assert.Equal(8UL, (await inviting).Puzzle);
        Assert.InRange(line.Connections, 3, 12);
    }

    [Fact]
    public async Task Twenty_thousand_foreign_letters_are_left_alone()
    {
        using MailServers servers = await StartAsync(new(Alice, Bob));
        string folder = Path.Combine(servers.Maildir(Alice), "new");
        foreach (string name in (string[])["new", "cur", "tmp"]) MakeOpen(Path.Combine(servers.Maildir(Alice), name));
        for (int i = 0; i < 20_000; i++)
        {
            File.WriteAllText(
                Path.Combine(folder, $"1700000000.M{i}.other"),
                $"From: somebody <s{i}@example.com>\nTo: laptop <{Alice}>\nSubject: app invite {(i % 2 == 0 ? "you" : "me")}\n\n{new string('x', 500)}\n");
        }

        EmailRendezvousOptions options = Options(servers);
        await using EmailRendezvous accepting = new(_repository, options with { Login = Alice });
        using Serving serving = new(accepting, _alice);
        await serving.ReadyAsync(servers);
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(8UL, (await InviteAsync(options with { Login = Bob })).Puzzle);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"answered after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.00} s"));
        await Eventually.Async(() => servers.Letters(Alice).Length == 20_000, Soon, () => $"There are {servers.Letters(Alice).Length} letters.");
        Assert.DoesNotContain(servers.Letters(Alice), letter => letter.Contains(":2,S", StringComparison.Ordinal) || letter.EndsWith('T'));
    }

    [Fact]
    public async Task A_wrong_password_an_expired_certificate_and_a_strange_one_are_told_in_a_sentence()
    {
        using MailServers servers = await StartAsync(new(Alice, Bob) { IsExpired = true });
        EmailRendezvousOptions options = Options(servers) with { Login = Bob };
        Assert.Contains("is valid only from", await FailsAsync(options), StringComparison.Ordinal);
        string wrong = await FailsAsync(options with { AcceptsAnyServer = true, Secret = EmailSecret.Password("not-this-one") });
        Assert.Contains("refuses the login", wrong, StringComparison.Ordinal);
        Assert.DoesNotContain("not-this-one", wrong, StringComparison.Ordinal);
        MailServer nobody = new(new EndpointName("localhost", 1));
        Assert.Contains("nothing listens there", await FailsAsync(options with { Imap = nobody, ResponseTimeout = TimeSpan.FromSeconds(2) }), StringComparison.Ordinal);
        MailServer plain = new(new EndpointName("localhost", servers.Ports.Imap));
        Assert.Contains("does not speak TLS", await FailsAsync(options with { Imap = plain, ResponseTimeout = TimeSpan.FromSeconds(2) }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_the_certificate_does_not_have_is_refused()
    {
        using MailServers servers = await StartAsync(new(Alice, Bob));
        EmailRendezvousOptions options = Options(servers) with { Login = Bob };
        Assert.Contains("comes from no authority that is trusted here", await FailsAsync(options with { Authorities = [] }), StringComparison.Ordinal);
        using CutLine line = new(servers.Ports.Imaps);
        string message = await FailsAsync(options with { Imap = new MailServer(new EndpointName(Dns.GetHostName(), line.Port)), ResponseTimeout = TimeSpan.FromSeconds(2) });
        if (message.Contains("cannot be reached", StringComparison.Ordinal)) Assert.Skip("This machine's own name does not lead to its loopback address.");
        Assert.Contains("is not for", message, StringComparison.Ordinal);
    }

    private static void MakeOpen(string folder)
    {
        Directory.CreateDirectory(folder);
        for (string? one = folder; one is not null && Path.GetFileName(one) != "mail"; one = Path.GetDirectoryName(one))
        {
            File.SetUnixFileMode(one, (UnixFileMode)0x1FF); // Dovecot runs as nobody there.
        }
    }

    private static async Task<MailServers> StartAsync(MailServersOptions options)
    {
        if (MailServers.WhyNot is { } reason) Assert.Skip(reason);
        MailServers servers = new(null, options);
        try
        {
            await servers.StartAsync();
            return servers;
        }
        catch
        {
            servers.Dispose();
            throw;
        }
    }

    private static EmailRendezvousOptions Options(MailServers servers, bool startsPlain = false) => new()
    {
        AppId = "app",
        Smtp = new MailServer(new EndpointName("localhost", startsPlain ? servers.Ports.Submission : servers.Ports.Smtps), startsPlain),
        Imap = new MailServer(new EndpointName("localhost", startsPlain ? servers.Ports.Imap : servers.Ports.Imaps), startsPlain),
        Login = Alice,
        Secret = EmailSecret.PasswordFile(servers.PasswordFile),
        Authorities = [X509CertificateLoader.LoadCertificateFromFile(servers.AuthorityFile)],
    };

    private async Task<Introduction> InviteAsync(EmailRendezvousOptions options)
    {
        await using EmailRendezvous rendezvous = new(_repository, options);
        Task<Introduction> Introduce(CancellationToken cancellationToken) => Task.FromResult(new Introduction(IPEndPoint.Parse("198.51.100.7:4000"), 7));
        await foreach (Introduction theirs in rendezvous.InviteAsync(_bob, _alice, Introduce)) return theirs;
        throw new InvalidOperationException("No answer came.");
    }

    private async Task<string> FailsAsync(EmailRendezvousOptions options)
    {
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => InviteAsync(options));
        Assert.Equal(PlexusStage.Rendezvous, e.Stage);
        TestContext.Current.TestOutputHelper?.WriteLine(e.Message);
        return e.Message;
    }

    /// <summary>Alice, who answers everybody.</summary>
    private sealed class Serving : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public Serving(EmailRendezvous rendezvous, Identity host) => _running = RunAsync(rendezvous, host);

        public List<Invitation> Told { get; } = [];

        /// <summary>Waits until the server has let it in.</summary>
        public static Task LoggedInAsync(MailServers servers, int logins) => Eventually.Async(
            () => servers.Log.Split("imap-login: Info: Login").Length > logins, Soon, () => servers.Log);

        public async Task ReadyAsync(MailServers servers)
        {
            await LoggedInAsync(servers, 1);
            await Task.Delay(300); // It looks through its mailbox.
            Assert.False(_running.IsCompleted);
        }

        public void Dispose()
        {
            _stop.Cancel();
            _running.GetAwaiter().GetResult();
            _stop.Dispose();
        }

        private async Task RunAsync(EmailRendezvous rendezvous, Identity host)
        {
            try
            {
                await foreach (Invitation invitation in rendezvous.AcceptAsync(host, IdentityName.Any, _stop.Token))
                {
                    Told.Add(invitation);
                    await invitation.AnswerAsync(new Introduction(IPEndPoint.Parse("198.51.100.8:4000"), invitation.Theirs.Puzzle + 1));
                }
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }
    }
}
