namespace Plexus.Rendezvous.Email;

/// <summary>Some heads of letters.</summary>
/// <param name="Heads">In the order of their uids.</param>
/// <param name="Next">Where the next page begins.</param>
/// <param name="IsLast">Whether there was nothing beyond it.</param>
internal sealed record LetterPage(IReadOnlyList<LetterHead> Heads, uint Next, bool IsLast);
