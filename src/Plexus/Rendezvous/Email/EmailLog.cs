using Microsoft.Extensions.Logging;
using Plexus.Identities;

namespace Plexus.Rendezvous.Email;

/// <summary>What the rendezvous by e-mail tells in the log. Event ids 350 to 399. Passwords and tokens never come near it.</summary>
internal static partial class EmailLog
{
    [LoggerMessage(350, LogLevel.Information, "Waiting for invitations by e-mail")]
    public static partial void Waiting(ILogger logger);

    [LoggerMessage(351, LogLevel.Debug, "An invitation by e-mail goes to {Peer}")]
    public static partial void Inviting(ILogger logger, IdentityName peer);

    [LoggerMessage(352, LogLevel.Debug, "Answering {Peer} by e-mail")]
    public static partial void Answering(ILogger logger, IdentityName peer);

    [LoggerMessage(353, LogLevel.Warning, "{Reason} Trying again in {Seconds:0} s")]
    public static partial void Failed(ILogger logger, string reason, double seconds);

    [LoggerMessage(354, LogLevel.Information, "The mailbox can be used again")]
    public static partial void BackAgain(ILogger logger);

    [LoggerMessage(EventId = 355, Message = "A letter with our subject, from '{From}', is refused: {Flaw}. This is told once for each sender")]
    public static partial void Refused(ILogger logger, LogLevel level, string from, LetterFlaw flaw);

    [LoggerMessage(356, LogLevel.Debug, "A letter with our subject, from '{From}', is refused: {Flaw}")]
    public static partial void RefusedAgain(ILogger logger, string from, LetterFlaw flaw);

    [LoggerMessage(357, LogLevel.Debug, "The server has numbered the mailbox anew; what lies there is looked through again")]
    public static partial void NumberedAnew(ILogger logger);

    [LoggerMessage(358, LogLevel.Warning, "Letter {Uid} broke the connection several times and is left alone")]
    public static partial void LeftAlone(ILogger logger, uint uid);

    [LoggerMessage(359, LogLevel.Debug, "{Reason} The letter is sent again in {Seconds:0} s")]
    public static partial void NotSentYet(ILogger logger, string reason, double seconds);

    [LoggerMessage(360, LogLevel.Debug, "An answer by e-mail, repeated for {Peer}, was not sent: {Reason}")]
    public static partial void AnswerNotSent(ILogger logger, IdentityName peer, string reason);

    [LoggerMessage(361, LogLevel.Warning, "The certificates of the mail servers are not checked, as asked: whoever sits on the line can read the password and this mailbox")]
    public static partial void Insecure(ILogger logger);
}
