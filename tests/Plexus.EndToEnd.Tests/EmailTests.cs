using System.Globalization;
using System.Text.RegularExpressions;
using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary>The main job with the built program and mailboxes instead of a DHT: Dovecot, Postfix, coturn, the kernel's NATs.</summary>
public sealed partial class EmailTests
{
    private const string Alice = "alice@home.test/laptop";
    private const string Bob = "bob@work.test/server";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Both_commands_are_started_soon_after_the_inviter(bool isShared, bool isBehindNats)
    {
        using Scenario scenario = await ScenarioAsync();
        using MailServers mail = await MailAsync(scenario, isShared);
        NatRecipe[] nats = isBehindNats ? [NatRecipe.PortRestricted] : [];
        Machine alice = scenario.AddMachine(Alice, null, nats), bob = scenario.AddMachine(Bob, null, nats);
        Scenario.Acquaint(alice, bob);
        ProgramRun accept = bob.Run(["--accept", .. Options(scenario, mail, bob, null, "talk.log")]);
        await accept.SaysAsync("Waiting for invitations by e-mail", Soon);
        await Task.Delay(1000); // It has logged in.
        List<double> seconds = [];
        for (int run = 0; run < 3; run++)
        {
            ProgramRun invite = alice.Run([.. Options(scenario, mail, alice, bob, $"talk{run}.log")]);
            await TalkedAsync(invite, accept, alice, bob, $"talk{run}.log", mail);
            seconds.Add(BothStarted(invite, accept));
            Assert.DoesNotContain(MailServers.Password, invite.Output, StringComparison.Ordinal);
        }

        int started = Started().Count(accept.Output);
        Assert.Equal(3, started);
        Assert.DoesNotContain(MailServers.Password, accept.Output, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", seconds.Select(s => s.ToString("0.00", CultureInfo.InvariantCulture))));
        Assert.InRange(seconds.Min(), 0, 5); // About 1.2 on an idle machine; here others may be at work.
    }

    [Fact]
    public async Task An_invitation_waits_for_an_acceptor_that_is_started_later_and_a_bad_letter_does_not_end_it()
    {
        using Scenario scenario = await ScenarioAsync();
        using MailServers mail = await MailAsync(scenario, isShared: false);
        Machine alice = scenario.AddPublicMachine(Alice), bob = scenario.AddPublicMachine(Bob);
        Scenario.Acquaint(alice, bob);
        ProgramRun invite = alice.Run([.. Options(scenario, mail, alice, bob, "talk.log"), "--invite-lifetime=1h"]);
        await Eventually.Async(() => mail.Letters("bob@work.test").Length == 1, Soon, () => invite.Output + mail.Log);
        ProgramRun accept = bob.Run(["--accept", .. Options(scenario, mail, bob, null, "talk.log"), "--invite-lifetime=1h"]);
        await Scenario.TalkedAsync(invite, accept, alice, bob);
        string box = Path.Combine(mail.Maildir("bob@work.test"), "new");
        string bad = Path.Combine(box, "1700000000.M1.bad");
        await File.WriteAllTextAsync(bad, "From: laptop <alice@home.test>\nTo: server <bob@work.test>\nSubject: end-to-end invite\n\nPLEXUS 3.0 1.2.3.4 5 6\n");
        await accept.SaysAsync("is refused: ClearText", Soon);
        ProgramRun again = alice.Run([.. Options(scenario, mail, alice, bob, "again.log")]);
        await TalkedAsync(again, accept, alice, bob, "again.log", mail);
    }

    [Fact]
    public async Task With_a_DHT_beside_it_either_may_fail()
    {
        using Scenario scenario = await ScenarioAsync();
        using MailServers mail = await MailAsync(scenario, isShared: false);
        Machine alice = scenario.AddPublicMachine(Alice), bob = scenario.AddPublicMachine(Bob);
        Scenario.Acquaint(alice, bob);
        ProgramRun accept = bob.Run(["--accept", .. Both(bob, null, "talk.log")]);
        await accept.SaysAsync("Waiting for invitations by e-mail", Soon);
        await TalkedAsync(alice.Run([.. Both(alice, bob, "both.log")]), accept, alice, bob, "both.log", mail);
        mail.StopDovecot();
        await accept.SaysAsync("Trying again", Soon);
        await TalkedAsync(alice.Run([.. Both(alice, bob, "dht.log")]), accept, alice, bob, "dht.log", mail);
        await mail.RestartDovecotAsync();
        await accept.SaysAsync("The mailbox can be used again", Soon);
        scenario.Dht.Kill();
        await TalkedAsync(alice.Run([.. Both(alice, bob, "mail.log")]), accept, alice, bob, "mail.log", mail);

        IEnumerable<string> Both(Machine host, Machine? peer, string log) => [.. scenario.Options(host, peer, log), .. Account(mail, host)];
    }

    [Fact]
    public async Task A_wrong_password_ends_the_inviter_with_the_code_of_the_rendezvous()
    {
        using Scenario scenario = await ScenarioAsync();
        using MailServers mail = await MailAsync(scenario, isShared: false);
        Machine alice = scenario.AddPublicMachine(Alice), bob = scenario.AddPublicMachine(Bob);
        Scenario.Acquaint(alice, bob);
        ProgramRun invite = alice.Run(
            [.. Options(scenario, mail, alice, bob, "talk.log").Where(option => !option.StartsWith("--email-password", StringComparison.Ordinal))],
            ("PLEXUS_EMAIL_PASSWORD", "not this one"));
        Assert.Equal(5, await invite.ExitAsync(Soon));
        Assert.Contains("refuses the login", invite.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("not this one", invite.Output, StringComparison.Ordinal);
    }

    /// <summary>Waits until the inviter has ended well and its command has heard the other; the acceptor has one log for all.</summary>
    private static async Task TalkedAsync(ProgramRun invite, ProgramRun accept, Machine inviter, Machine acceptor, string log, MailServers mail)
    {
        Assert.True(await invite.ExitAsync(TimeSpan.FromSeconds(60)) == 0, $"{invite.Output}\n{accept.Output}\n{mail.Log}");
        await Scenario.HeardAsync(inviter, acceptor.Pin, log, invite, accept);
    }

    /// <summary>The seconds from the inviter's start to the later of the two commands' starts, by the programs' own logs.</summary>
    private static double BothStarted(ProgramRun invite, ProgramRun accept)
    {
        DateTime start = TimesOf(invite, "LOGGER|Inviting")[0];
        DateTime[] started = [TimesOf(invite, "Started")[0], TimesOf(accept, "Started")[^1]];
        return (started.Max() - start).TotalSeconds;
    }

    private static DateTime[] TimesOf(ProgramRun run, string what) =>
    [
        .. run.Output.Split('\n').Where(line => Regex.IsMatch(line, $" INFO: ({what})"))
            .Select(line => DateTime.ParseExact(line[..27], "yyyy-MMM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)),
    ];

    private static async Task<Scenario> ScenarioAsync()
    {
        Kernel.ServersAreNeeded();
        if (MailServers.WhyNot is { } reason) Assert.Skip(reason);
        return await Scenario.StartAsync();
    }

    private static async Task<MailServers> MailAsync(Scenario scenario, bool isShared)
    {
        MailServers mail = new(scenario.Internet.AddPublicHost("mail"), new("alice@home.test", "bob@work.test") { Shared = isShared ? "bob@work.test" : null });
        try
        {
            await mail.StartAsync();
            return mail;
        }
        catch
        {
            mail.Dispose();
            throw;
        }
    }

    private static IEnumerable<string> Options(Scenario scenario, MailServers mail, Machine host, Machine? peer, string log) =>
        [.. scenario.Options(host, peer, log).Where(option => !option.StartsWith("--dht", StringComparison.Ordinal)), .. Account(mail, host)];

    private static IEnumerable<string> Account(MailServers mail, Machine host) =>
    [
        $"--email-smtps={mail.Address}", $"--email-imaps={mail.Address}", $"--email-ca={mail.AuthorityFile}",
        $"--email-login={mail.LoginOf(host.Name.Split('/')[0])}", $"--email-password-file={mail.PasswordFile}",
    ];

    [GeneratedRegex("Started .* as process")]
    private static partial Regex Started();
}
