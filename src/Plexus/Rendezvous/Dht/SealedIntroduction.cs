using System.Diagnostics.CodeAnalysis;
using Plexus.Identities;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Rendezvous.Dht;

/// <summary>An introduction as a value of the DHT: signed by the sender, readable by the recipient only.</summary>
/// <remarks>
/// docs/protocols/rendezvous-dht.md. The signature covers the encrypted text with its extension, so neither can be had
/// without the other. It does not cover the value's id: the extension tells that.
/// </remarks>
internal static class SealedIntroduction
{
    /// <summary>Seals an introduction, in the form that every release reads, with our extension behind it.</summary>
    public static DhtValue Seal(Identity host, Identity peer, ulong id, IntroductionOccasion occasion, Introduction ours) =>
        Seal(host, peer, id, occasion, IntroductionText.Write(ours.EndPoint, new Puzzle(ours.Puzzle)), ours.Capabilities);

    /// <summary>Seals a text. Each call gives other bytes, since the encryption is random.</summary>
    public static DhtValue Seal(
        Identity host, Identity peer, ulong id, IntroductionOccasion occasion, string text, PassageCapabilities capabilities)
    {
        byte[] plain = PackedText.Pack(text, PeerIntroduction.WriteExtension(capabilities, id, occasion));
        using DhtPublicKey recipient = KeyOf(peer);
        return new DhtPrivateKey(host.PrivateKey!).Sign(new DhtValue { Id = id, Data = recipient.Encrypt(plain) });
    }

    /// <summary>Whether this very identity, whose certificate is pinned, signed the value.</summary>
    public static bool IsSignedBy(DhtValue value, Identity sender)
    {
        using DhtPublicKey key = KeyOf(sender);
        return key.Verifies(value);
    }

    /// <summary>Opens a value whose signature has been verified.</summary>
    /// <param name="value">The value.</param>
    /// <param name="host">Who we are.</param>
    /// <param name="occasion">What it should have been written for.</param>
    /// <param name="introduction">What it says.</param>
    /// <param name="reason">Why it is refused; one of the metric's reasons.</param>
    /// <returns>False for bytes that were not meant for us, are no introduction, or were meant for another occasion.</returns>
    public static bool TryOpen(
        DhtValue value,
        Identity host,
        IntroductionOccasion occasion,
        [NotNullWhen(true)] out PeerIntroduction? introduction,
        out string reason)
    {
        introduction = null;
        reason = "content";
        return new DhtPrivateKey(host.PrivateKey!).TryDecrypt(value.Data.Span, out byte[] plain)
            && PackedText.TryUnpack(plain, out string text, out ReadOnlySpan<byte> extension)
            && PeerIntroduction.TryRead(text, extension, occasion, value.Id, out introduction, out reason);
    }

    private static DhtPublicKey KeyOf(Identity identity) => DhtPublicKey.TryImport(identity.SubjectPublicKeyInfo.Span, out DhtPublicKey? key)
        ? key!
        : throw new PlexusException(
            PlexusStage.Identity, $"The key of {identity} cannot be used with OpenDHT: it must be RSA of 1,024 to 8,192 bits.");
}
