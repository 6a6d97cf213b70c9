using Plexus.Sockets;

namespace Plexus.Rendezvous.Email;

/// <summary>A mail server, and how its line is encrypted. Lines that are not encrypted are not offered.</summary>
/// <param name="Name">Host and port.</param>
/// <param name="StartsPlain">
/// Whether the line begins in clear text and must turn to TLS before anything is said (STARTTLS, RFC 3207 and RFC 9051), as on the
/// ports 587 and 143; else it is TLS from the first byte, as on the ports 465 and 993.
/// </param>
public sealed record MailServer(EndpointName Name, bool StartsPlain = false)
{
    /// <summary>TLS from the first byte, for sending (RFC 8314 section 7.3).</summary>
    public const int SmtpsPort = 465;

    /// <summary>TLS from the first byte, for reading.</summary>
    public const int ImapsPort = 993;

    /// <summary>STARTTLS, for sending (RFC 6409).</summary>
    public const int SubmissionPort = 587;

    /// <summary>STARTTLS, for reading.</summary>
    public const int ImapPort = 143;

    /// <summary>The name as the user gave it.</summary>
    public override string ToString() => Name.ToString();
}
