using Plexus.Rendezvous.Email;

namespace Plexus.App.Settings;

/// <summary>The options of the rendezvous by e-mail: the seven of the original, and what today's providers ask for.</summary>
internal static class EmailOptions
{
    public static ClassicOption Smtps { get; } = new("email-smtps", "host[:port]", $"SMTP server with TLS, port {MailServer.SmtpsPort}; starttls://host[:port] for STARTTLS, port {MailServer.SubmissionPort}");

    public static ClassicOption Imaps { get; } = new("email-imaps", "host[:port]", $"IMAP server with TLS, port {MailServer.ImapsPort}; starttls://host[:port] for STARTTLS, port {MailServer.ImapPort}");

    public static ClassicOption Login { get; } = new("email-login", "text", "account on both servers");

    public static ClassicOption Password { get; } = new("email-password", "text", "its password, which others on this machine can read here; or give it in PLEXUS_EMAIL_PASSWORD or as below");

    public static ClassicOption PasswordFile { get; } = new("email-password-file", "file", "file whose first line is the password");

    public static ClassicOption PasswordCommand { get; } = new("email-password-command", "text", "line for the shell that prints the password");

    public static ClassicOption TokenFile { get; } = new("email-token-file", "file", "file whose first line is an OAuth 2.0 access token, instead of a password");

    public static ClassicOption TokenCommand { get; } = new("email-token-command", "text", "line for the shell that prints such a token; run at each login");

    public static ClassicOption Certificate { get; } = new("email-cert", "file", "our certificate for the servers, PEM");

    public static ClassicOption Key { get; } = new("email-key", "file", "its key, PEM");

    public static ClassicOption Authority { get; } = new("email-ca", "file", "authorities that the servers' certificates must come from, PEM. Left out: those of this system");

    public static ClassicOption Insecure { get; } = new("email-insecure", null, "do not check the servers' certificates, as the original; whoever sits on the line can read the password");

    public static ClassicOption Consumed { get; } = new("email-consumed", "word", "what happens to letters of plexus once they are read: expunge, flag or keep; other mail is never touched") { Default = "expunge" };

    public static ClassicOption InviteLifetime { get; } = new("invite-lifetime", "time", "how long an invitation by e-mail stays good, as 90s, 15m, 8h or 2d: the inviter waits so long, the acceptor answers what has waited so long. Left out: a minute");

    /// <summary>Where a secret may come from.</summary>
    public static IReadOnlyList<ClassicOption> Secrets { get; } = [Password, PasswordFile, PasswordCommand, TokenFile, TokenCommand];

    public static IReadOnlyList<ClassicOption> All { get; } =
        [Smtps, Imaps, Login, .. Secrets, Certificate, Key, Authority, Insecure, Consumed, InviteLifetime];
}
