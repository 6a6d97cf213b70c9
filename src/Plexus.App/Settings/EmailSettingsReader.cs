using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Plexus.Rendezvous.Email;
using Plexus.Sockets;

namespace Plexus.App.Settings;

/// <summary>Makes the settings of a mail account of texts. No message repeats a password.</summary>
internal sealed class EmailSettingsReader(GivenOptions given)
{
    /// <summary>The variable that gives the password.</summary>
    public const string PasswordVariable = "PLEXUS_EMAIL_PASSWORD";

    private const string StartTls = "starttls://";

    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(30); // As the library's option.

    /// <summary>The account; null when no option asks for one.</summary>
    /// <param name="given">The options.</param>
    /// <param name="variable">Gives an environment variable's text, or null.</param>
    /// <exception cref="PlexusException">Something is wrong or missing.</exception>
    public static EmailSettings? Read(GivenOptions given, Func<string, string?> variable)
    {
        ClassicOption? first = EmailOptions.All.FirstOrDefault(option => given[option] is not null);
        return first is null ? null : new EmailSettingsReader(given).Read(first, variable);
    }

    private EmailSettings Read(ClassicOption first, Func<string, string?> variable)
    {
        foreach (ClassicOption needed in (ClassicOption[])[EmailOptions.Smtps, EmailOptions.Imaps, EmailOptions.Login])
        {
            if (Optional(needed) is null) throw GivenOptions.Wrong($"{Place(first)} asks for the rendezvous by e-mail, which needs {needed.Dashed}={needed.Value}: {needed.Meaning}.");
        }

        bool isInsecure = Flag(EmailOptions.Insecure);
        if (isInsecure && Optional(EmailOptions.Authority) is not null)
        {
            throw GivenOptions.Wrong($"{Place(EmailOptions.Insecure)}: with {EmailOptions.Authority.Dashed} the servers' certificates are checked; give one of the two.");
        }

        return new()
        {
            Smtp = Server(EmailOptions.Smtps, MailServer.SmtpsPort, MailServer.SubmissionPort),
            Imap = Server(EmailOptions.Imaps, MailServer.ImapsPort, MailServer.ImapPort),
            Login = Optional(EmailOptions.Login)!,
            Secret = Secret(variable),
            ClientCertificate = ClientCertificate(),
            Authorities = Authorities(),
            IsInsecure = isInsecure,
            Consumed = Consumed(),
            InvitationLifetime = Lifetime(),
            IsPasswordOnShow = given[EmailOptions.Password]?.Place == EmailOptions.Password.Dashed,
        };
    }

    private MailServer Server(ClassicOption option, int tlsPort, int startTlsPort)
    {
        string text = Optional(option)!;
        bool startsPlain = text.StartsWith(StartTls, StringComparison.OrdinalIgnoreCase);
        return EndpointName.TryParse(startsPlain ? text[StartTls.Length..] : text, startsPlain ? startTlsPort : tlsPort, out EndpointName? name) && name.Port != 0
            ? new MailServer(name, startsPlain)
            : throw Bad(option, text, $"host or host:port for TLS, {StartTls}host or {StartTls}host:port for STARTTLS; the port is {tlsPort}, with STARTTLS {startTlsPort}, if none is given");
    }

    private EmailSecret Secret(Func<string, string?> variable)
    {
        ClassicOption[] sources = [.. EmailOptions.Secrets.Where(option => Optional(option) is not null)];
        if (sources.Length > 1) throw GivenOptions.Wrong($"{Place(sources[1])}: {Place(sources[0])} is given, too; give one of the two.");
        if (sources.Length == 0)
        {
            return variable(PasswordVariable) is { Length: > 0 } password
                ? EmailSecret.Password(password)
                : throw GivenOptions.Wrong(
                    $"The rendezvous by e-mail needs a password: give {EmailOptions.PasswordFile.Dashed}={EmailOptions.PasswordFile.Value}, the variable {PasswordVariable}, or {string.Join(", ", EmailOptions.Secrets.Where(option => option != EmailOptions.PasswordFile).Select(option => option.Dashed))}.");
        }

        string text = Optional(sources[0])!;
        if (sources[0] == EmailOptions.Password) return EmailSecret.Password(text);
        if (sources[0] == EmailOptions.PasswordCommand) return EmailSecret.PasswordCommand(text);
        if (sources[0] == EmailOptions.TokenCommand) return EmailSecret.TokenCommand(text);
        if (!File.Exists(text)) throw GivenOptions.Wrong($"{Place(sources[0])}: there is no file '{text}'.");
        return sources[0] == EmailOptions.PasswordFile ? EmailSecret.PasswordFile(text) : EmailSecret.TokenFile(text);
    }

    private X509Certificate2? ClientCertificate()
    {
        string? certificate = Optional(EmailOptions.Certificate), key = Optional(EmailOptions.Key);
        if (certificate is null || key is null) return null; // As the original, which wants both.
        return Load(EmailOptions.Certificate, () => X509Certificate2.CreateFromPemFile(certificate, key), $"'{certificate}' and '{key}'");
    }

    private X509Certificate2[] Authorities()
    {
        if (Optional(EmailOptions.Authority) is not { } file) return [];
        return Load(EmailOptions.Authority, () =>
        {
            X509Certificate2Collection read = [];
            read.ImportFromPemFile(file);
            return read.Count > 0 ? read.ToArray() : throw new CryptographicException();
        }, $"'{file}'");
    }

    private T Load<T>(ClassicOption option, Func<T> load, string files)
    {
        try
        {
            return load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            string reason = e is IOException or UnauthorizedAccessException ? FileFailure.ReasonOf(e, Optional(option)!) : "allowed is PEM, a key without a passphrase";
            throw GivenOptions.Wrong($"{Place(option)}: {files} cannot be used: {reason}.");
        }
    }

    private ConsumedLetters Consumed() => (given[EmailOptions.Consumed]?.Text ?? EmailOptions.Consumed.Default) switch
    {
        "expunge" => ConsumedLetters.Expunge,
        "flag" => ConsumedLetters.Flag,
        "keep" => ConsumedLetters.Keep,
        { } text => throw Bad(EmailOptions.Consumed, text, "expunge, flag or keep"),
        null => ConsumedLetters.Expunge,
    };

    private TimeSpan Lifetime()
    {
        if (Optional(EmailOptions.InviteLifetime) is not { } text) return TimeSpan.Zero;
        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        bool good = int.TryParse(unit is null ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        TimeSpan lifetime = good ? number * (unit ?? TimeSpan.FromSeconds(1)) : TimeSpan.Zero;
        return good && lifetime <= LongestLifetime
            ? lifetime
            : throw Bad(EmailOptions.InviteLifetime, text, "a number with s, m, h or d, at most 30d");
    }

    private bool Flag(ClassicOption option) => given[option] switch
    {
        null => false,
        { Text: null or "true" or "yes" or "on" or "1" } => true,
        { Text: "false" or "no" or "off" or "0" } => false,
        { Text: { } text } => throw Bad(option, text, "true, yes, on, 1, false, no, off or 0"),
    };

    private string? Optional(ClassicOption option) => given[option]?.Text is { Length: > 0 } text ? text : null;

    private string Place(ClassicOption option) => given[option]?.Place ?? option.Dashed;

    private PlexusException Bad(ClassicOption option, string text, string allowed)
    {
        string shown = string.Concat(text.Select(static c => char.IsControl(c) ? '?' : c));
        return GivenOptions.Wrong($"{Place(option)}: '{shown}' is not allowed; allowed is {allowed}.");
    }
}
