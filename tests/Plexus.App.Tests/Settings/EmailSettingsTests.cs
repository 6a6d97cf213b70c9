using Plexus.App.Settings;
using Plexus.Rendezvous.Email;

namespace Plexus.App.Tests.Settings;

public sealed class EmailSettingsTests : IDisposable
{
    private static readonly string[] Least =
        ["--app-id=app", "--app-repo=/repo", "--host-info=a@b/host", "--peer-info=c@d/peer", "--exec-command=sh"];

    private static readonly string[] Account =
        ["--email-smtps=smtp.example", "--email-imaps=imap.example", "--email-login=a@b", "--email-password=top-secret"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_its_options_there_is_no_mail()
    {
        ClassicSettings settings = Read();
        Assert.Null(settings.Email);
        Assert.True(settings.UsesDht);
    }

    [Fact]
    public async Task The_originals_line_chooses_mail_alone()
    {
        ClassicSettings settings = Read([.. Account, "--email-cert=", "--email-key=", "--email-ca="]);
        Assert.False(settings.UsesDht);
        EmailSettings email = settings.Email!;
        Assert.Equal((new MailServer(new("smtp.example", 465)), new MailServer(new("imap.example", 993)), "a@b"), (email.Smtp, email.Imap, email.Login));
        Assert.Equal("top-secret", await email.Secret.ReadAsync(CancellationToken.None));
        Assert.False(email.Secret.IsToken);
        Assert.True(email.IsPasswordOnShow);
        Assert.Equal((false, ConsumedLetters.Expunge, TimeSpan.Zero), (email.IsInsecure, email.Consumed, email.InvitationLifetime));
        Assert.Empty(email.Authorities);
        Assert.DoesNotContain("top-secret", email.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--dht-bootstrap=dht.example")]
    [InlineData("--dht-network=77")]
    public void A_DHT_option_beside_it_chooses_both(string option) => Assert.True(Read([.. Account, option]).UsesDht);

    [Theory]
    [InlineData("mail-1.example:2465", "mail-1.example", 2465, false)]
    [InlineData("starttls://mail.example", "mail.example", 587, true)]
    [InlineData("STARTTLS://mail.example:25", "mail.example", 25, true)]
    [InlineData("[2001:db8::1]:465", "2001:db8::1", 465, false)]
    public void Servers_have_several_forms(string text, string host, int port, bool startsPlain) => Assert.Equal(
        new MailServer(new(host, port), startsPlain), Read([$"--email-smtps={text}", .. Account.Skip(1)]).Email!.Smtp);

    [Fact]
    public async Task A_password_may_come_from_elsewhere_and_is_then_on_no_command_line()
    {
        File.WriteAllText(_folder["secret"], "from a file\r\nnot this\n");
        Assert.Equal("from a file", await SecretOf($"--email-password-file={_folder["secret"]}"));
        Assert.Equal("printed", await SecretOf("--email-password-command=echo printed; echo more"));
        Assert.Equal("a b", await SecretOf("--email-token-command=printf 'a b'"));
        Assert.Equal("from a file", await SecretOf($"--email-token-file={_folder["secret"]}"));
        EmailSettings email = Read([.. Account.Take(3)], name => name == "PLEXUS_EMAIL_PASSWORD" ? "environment" : null).Email!;
        Assert.Equal("environment", await email.Secret.ReadAsync(CancellationToken.None));
        Assert.False(email.IsPasswordOnShow);
        Assert.True(Read([.. Account.Take(3), "--email-token-command=true"]).Email!.Secret.IsToken);
        File.WriteAllText(_folder["p.conf"], "email-password = in a file");
        Assert.False(Read([.. Account.Take(3), $"--config={_folder["p.conf"]}"]).Email!.IsPasswordOnShow);
    }

    [Theory]
    [InlineData("--email-password-command=exit 3", "status 3")]
    [InlineData("--email-token-command=true", "gave nothing")]
    [InlineData("--email-password-command=yes top-secret", "prints too much")]
    public async Task A_secret_that_cannot_be_had_is_told_without_the_command(string option, string reason)
    {
        MailException e = await Assert.ThrowsAsync<MailException>(() => SecretOf(option));
        Assert.Equal(MailFailure.LoginRefused, e.Failure);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("top-secret", e.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("15m", 900)]
    [InlineData("8h", 28800)]
    [InlineData("30d", 2592000)]
    public void A_lifetime_has_a_unit(string text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read([.. Account, $"--invite-lifetime={text}"]).Email!.InvitationLifetime);

    [Theory]
    [InlineData("--email-login", "needs --email-login=text")]
    [InlineData("--email-smtps", "needs --email-smtps=host[:port]")]
    [InlineData("--email-imaps", "needs --email-imaps=host[:port]")]
    [InlineData("--email-password", "needs a password")]
    public void What_is_missing_is_named(string option, string reason) =>
        Assert.Contains(reason, Fails([.. Account.Where(o => !o.StartsWith(option + '=', StringComparison.Ordinal))]), StringComparison.Ordinal);

    [Theory]
    [InlineData("--email-ca=/no/such", "--email-ca: '/no/such' cannot be used")]
    [InlineData("--email-consumed=burn", "--email-consumed: 'burn' is not allowed; allowed is expunge, flag or keep")]
    [InlineData("--invite-lifetime=31d", "'31d' is not allowed; allowed is a number with s, m, h or d, at most 30d")]
    [InlineData("--invite-lifetime=soon", "'soon' is not allowed")]
    [InlineData("--invite-lifetime=99999999999d", "is not allowed")]
    [InlineData("--email-insecure=perhaps", "'perhaps' is not allowed")]
    [InlineData("--email-token-command=x", "give one of the two")]
    public void A_mistake_is_one_sentence(string option, string reason)
    {
        string message = Fails([.. Account, option]);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain("top-secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_told() => Assert.Contains(
        "--email-password-file: there is no file '/no/such'", Fails([.. Account.Take(3), "--email-password-file=/no/such"]), StringComparison.Ordinal);

    [Fact]
    public void Without_checks_no_authority_makes_sense() => Assert.Contains(
        "give one of the two", Fails([.. Account, "--email-insecure", "--email-ca=/x"]), StringComparison.Ordinal);

    private static Task<string> SecretOf(string option) => Read([.. Account.Take(3), option]).Email!.Secret.ReadAsync(CancellationToken.None);

    private static ClassicSettings Read(params string[] more) => Read(more, _ => null);

    private static ClassicSettings Read(string[] more, Func<string, string?> variable) =>
        ClassicSettingsReader.Read(ClassicCommandLine.Read([.. Least, .. more]), variable);

    private static string Fails(params string[] more)
    {
        PlexusException failure = Assert.Throws<PlexusException>(() => Read(more));
        Assert.Equal(PlexusStage.Settings, failure.Stage);
        Assert.DoesNotContain('\n', failure.Message);
        return failure.Message;
    }
}
