namespace Plexus.EndToEnd.Fixtures;

/// <summary>How mail servers differ from the usual ones.</summary>
/// <param name="Mailboxes">The addresses that have one.</param>
internal sealed record MailServersOptions(params string[] Mailboxes)
{
    /// <summary>Whether IMAP offers IDLE.</summary>
    public bool CanIdle { get; init; } = true;

    /// <summary>Whether the certificate's time is over.</summary>
    public bool IsExpired { get; init; }

    /// <summary>The mailbox that gets everybody's letters; null gives each its own.</summary>
    public string? Shared { get; init; }
}
