namespace Plexus.Rendezvous.Email;

/// <summary>An account at a mail provider: where the rendezvous meets the network, and where tests put a provider of their own.</summary>
/// <remarks>Everything that can go wrong with a provider comes as a <see cref="MailException"/>. No call takes longer than some tens of seconds.</remarks>
internal interface IMailAccount
{
    /// <summary>Connects, logs in and selects the inbox.</summary>
    /// <exception cref="MailException">It did not work.</exception>
    Task<IMailbox> OpenMailboxAsync(CancellationToken cancellationToken);

    /// <summary>Connects to the sending server and logs in.</summary>
    /// <exception cref="MailException">It did not work.</exception>
    Task<IOutbox> OpenOutboxAsync(CancellationToken cancellationToken);
}
