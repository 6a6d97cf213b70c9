using MimeKit;
using Plexus.Identities;

namespace Plexus.Rendezvous.Email;

/// <summary>What is looked at before a letter is downloaded. All of it is anybody's to write.</summary>
/// <param name="Uid">The letter's number in its mailbox.</param>
/// <param name="Size">Its size in bytes, as the server says.</param>
/// <param name="Subject">The subject, decoded, its white space in single blanks.</param>
/// <param name="From">The senders as the letter has them, for the log.</param>
/// <param name="To">Pin and owner of each recipient.</param>
internal sealed record LetterHead(uint Uid, long Size, string Subject, string From, IReadOnlyList<(string Pin, string Owner)> To)
{
    private const int LongestFrom = 100; // Characters of a stranger's text in a line of the log.
    private const int MostRecipients = 16;

    /// <summary>Reads the three headers, however they are quoted, encoded and folded.</summary>
    public static LetterHead Of(uint uid, long size, HeaderList headers)
    {
        string from = OneLine(headers[HeaderId.From]);
        return new(
            uid,
            size,
            OneLine(headers[HeaderId.Subject]),
            from.Length <= LongestFrom ? from : from[..LongestFrom],
            [.. Addresses(headers[HeaderId.To]).Mailboxes.Take(MostRecipients).Select(static mailbox => (OneLine(mailbox.Name), mailbox.Address ?? ""))]);
    }

    /// <summary>Whether the letter says that it is for us and about this. From is not asked: servers rewrite it, and the signature tells more.</summary>
    public bool IsFor(IdentityName host, string subject) =>
        Subject == subject
        && To.Any(to => to.Pin == host.Pin && string.Equals(to.Owner, host.Owner, StringComparison.OrdinalIgnoreCase));

    private static InternetAddressList Addresses(string? text) =>
        InternetAddressList.TryParse(text ?? "", out InternetAddressList? read) ? read : [];

    private static string OneLine(string? text) =>
        string.Join(' ', (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
