using Plexus.Identities;

namespace Plexus.Rendezvous.Dht;

/// <summary>What a known peer has signed and sealed for us.</summary>
/// <param name="Peer">Who signed it.</param>
/// <param name="Id">The id of the value it came in, which no signature covers.</param>
/// <param name="Introduction">What it says.</param>
internal readonly record struct PeerLetter(Identity Peer, ulong Id, PeerIntroduction Introduction);
