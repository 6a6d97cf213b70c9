namespace Plexus.Rendezvous.Email;

/// <summary>An open inbox. One call at a time; after a <see cref="MailException"/> it is of no more use.</summary>
internal interface IMailbox : IAsyncDisposable
{
    /// <summary>UIDVALIDITY: uids of another one mean nothing here (RFC 9051 section 2.3.1.1).</summary>
    uint Validity { get; }

    /// <summary>The uid that the next letter gets at least, as of the opening.</summary>
    uint NextUid { get; }

    /// <summary>Whether the server tells of new letters by itself (RFC 2177).</summary>
    bool CanIdle { get; }

    /// <summary>Letters that already lie there, as the server's search finds them. They may be fewer than there are, never more than some hundreds.</summary>
    /// <param name="subject">What their subject contains.</param>
    /// <param name="since">The day since which they came.</param>
    /// <param name="cancellationToken">Gives up, and the mailbox with it.</param>
    Task<IReadOnlyList<LetterHead>> SearchAsync(string subject, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>The heads of the letters from a uid on, a page at most.</summary>
    Task<LetterPage> ReadHeadsAsync(uint from, CancellationToken cancellationToken);

    /// <summary>A whole letter; null when it is gone. It is not marked as seen.</summary>
    Task<byte[]?> FetchAsync(uint uid, CancellationToken cancellationToken);

    /// <summary>Waits until something has changed, or the limit has passed. Only where <see cref="CanIdle"/>.</summary>
    Task IdleAsync(TimeSpan limit, CancellationToken cancellationToken);

    /// <summary>Deletes one letter, and no other.</summary>
    /// <param name="uid">The letter.</param>
    /// <param name="expunge">Whether it goes at once, where the server can do that to a single letter; else it is only marked.</param>
    /// <param name="cancellationToken">Gives up, and the mailbox with it.</param>
    Task DeleteAsync(uint uid, bool expunge, CancellationToken cancellationToken);
}
