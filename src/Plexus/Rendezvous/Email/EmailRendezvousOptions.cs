using System.Security.Cryptography.X509Certificates;

namespace Plexus.Rendezvous.Email;

/// <summary>Which mail account the rendezvous uses, and how. Everything is checked before any work begins.</summary>
public sealed record EmailRendezvousOptions
{
    /// <summary>The application's name. Both sides must use the same; it stands in the subject of each letter.</summary>
    public required string AppId { get; init; }

    /// <summary>The server that sends.</summary>
    public required MailServer Smtp { get; init; }

    /// <summary>The server that has our mailbox.</summary>
    public required MailServer Imap { get; init; }

    /// <summary>The account on both servers.</summary>
    public required string Login { get; init; }

    /// <summary>What opens the account.</summary>
    public required EmailSecret Secret { get; init; }

    /// <summary>Our certificate for the servers, with its private key.</summary>
    /// <value>The default is null: few providers ask for one.</value>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Authorities that the servers' certificates must come from, instead of the system's.</summary>
    /// <value>The default is empty: the system's.</value>
    public IReadOnlyList<X509Certificate2> Authorities { get; init; } = [];

    /// <summary>Whether any certificate of a server will do. Whoever sits on the line can then read the password.</summary>
    /// <value>The default is false.</value>
    public bool AcceptsAnyServer { get; init; }

    /// <summary>How long an answer to an invitation may take.</summary>
    /// <value>1 second to 1 hour. The default is 60 seconds.</value>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long an invitation stays good: an inviter waits this long for its answer, if that is longer than
    /// <see cref="ResponseTimeout"/>, and an acceptor answers invitations that have waited this long in its mailbox.
    /// </summary>
    /// <value>Zero to 30 days. The default is zero: as long as <see cref="ResponseTimeout"/>.</value>
    public TimeSpan InvitationLifetime { get; init; }

    /// <summary>How long the sending of a letter is tried.</summary>
    /// <value>1 second to 1 hour. The default is 60 seconds.</value>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest pause between two looks for an answer, where the server does not tell by itself.</summary>
    /// <value>1 second to 1 hour. The default is 10 seconds.</value>
    public TimeSpan AnswerPoll { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause between two looks for invitations, where the server does not tell by itself.</summary>
    /// <value>1 second to 1 hour. The default is 30 seconds.</value>
    public TimeSpan InvitationPoll { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What happens to letters of ours once they are read.</summary>
    /// <value>The default is <see cref="ConsumedLetters.Expunge"/>.</value>
    public ConsumedLetters Consumed { get; init; }

    /// <summary>The subject of invitations. Both sides must use the same.</summary>
    public string InviteToken { get; init; } = "invite";

    /// <summary>The subject of answers. Both sides must use the same.</summary>
    public string AcceptToken { get; init; } = "accept";

    /// <summary>The subject of advents. Both sides must use the same.</summary>
    public string AdventToken { get; init; } = "advent";

    /// <summary>How long an inviter waits.</summary>
    internal TimeSpan Wait => InvitationLifetime > ResponseTimeout ? InvitationLifetime : ResponseTimeout;

    /// <summary>The subject of letters with a token.</summary>
    internal string Subject(string token) => $"{AppId} {token}";

    /// <summary>Checks every value.</summary>
    /// <exception cref="PlexusException">A value is out of its range; the message names it.</exception>
    internal void Validate()
    {
        Require(AppId.Length > 0, $"{nameof(AppId)} is empty");
        Require(!$"{AppId}{InviteToken}{AcceptToken}{AdventToken}".Any(char.IsControl), $"{nameof(AppId)} or a token has a control character");
        Require(Login.Length > 0, $"{nameof(Login)} is empty");
        RequireTime(ResponseTimeout, nameof(ResponseTimeout));
        RequireTime(SendTimeout, nameof(SendTimeout));
        RequireTime(AnswerPoll, nameof(AnswerPoll));
        RequireTime(InvitationPoll, nameof(InvitationPoll));
        Require(
            InvitationLifetime >= TimeSpan.Zero && InvitationLifetime <= TimeSpan.FromDays(30),
            $"{nameof(InvitationLifetime)} is {InvitationLifetime}, but must be at most 30 days");
        Require(InviteToken.Length > 0 && AcceptToken.Length > 0 && AdventToken.Length > 0, "a subject token is empty");
        Require(
            InviteToken != AcceptToken && AcceptToken != AdventToken && InviteToken != AdventToken,
            "two of the subject tokens are the same");
    }

    private static void RequireTime(TimeSpan time, string name) => Require(
        time >= TimeSpan.FromSeconds(1) && time <= TimeSpan.FromHours(1), $"{name} is {time}, but must be 1 second to 1 hour");

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new PlexusException(PlexusStage.Settings, $"The rendezvous by e-mail cannot be used: {otherwise}.");
    }
}
