namespace Plexus.Rendezvous.Email;

/// <summary>A mail server did not do what was asked.</summary>
/// <param name="failure">What kind of failure.</param>
/// <param name="message">One sentence for the user, without a secret.</param>
/// <param name="cause">What happened.</param>
internal sealed class MailException(MailFailure failure, string message, Exception? cause = null) : Exception(message, cause)
{
    public MailFailure Failure => failure;

    /// <summary>Whether somebody has to change something before it can work.</summary>
    public bool NeedsTheUser => failure is MailFailure.LoginRefused or MailFailure.Untrusted or MailFailure.Refused;
}
