namespace Plexus.Rendezvous.Email;

/// <summary>A letter on its way out.</summary>
/// <param name="From">The sender's address.</param>
/// <param name="To">The recipient's.</param>
/// <param name="Bytes">The whole letter, headers included.</param>
internal sealed record OutgoingLetter(string From, string To, byte[] Bytes);
