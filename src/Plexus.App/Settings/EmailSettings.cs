using System.Security.Cryptography.X509Certificates;
using Plexus.Rendezvous.Email;

namespace Plexus.App.Settings;

/// <summary>The mail account of the rendezvous by e-mail, checked.</summary>
internal sealed record EmailSettings
{
    public required MailServer Smtp { get; init; }

    public required MailServer Imap { get; init; }

    public required string Login { get; init; }

    public required EmailSecret Secret { get; init; }

    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The authorities of --email-ca; none means the system's.</summary>
    public IReadOnlyList<X509Certificate2> Authorities { get; init; } = [];

    public bool IsInsecure { get; init; }

    public ConsumedLetters Consumed { get; init; }

    /// <summary>Zero when it was left out.</summary>
    public TimeSpan InvitationLifetime { get; init; }

    /// <summary>Whether the password is on the command line.</summary>
    public bool IsPasswordOnShow { get; init; }
}
