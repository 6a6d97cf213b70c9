using Plexus.Identities;

namespace Plexus.Rendezvous.Email;

/// <summary>What a known peer has signed and sealed for us.</summary>
/// <param name="Peer">Who signed it.</param>
/// <param name="Introduction">What it says.</param>
/// <param name="SignedAt">When it was signed, by the peer's clock.</param>
internal sealed record ReceivedLetter(Identity Peer, PeerIntroduction Introduction, DateTimeOffset SignedAt);
