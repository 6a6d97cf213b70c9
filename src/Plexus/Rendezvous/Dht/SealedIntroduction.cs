using System.Diagnostics.CodeAnalysis;
using Plexus.Identities;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Rendezvous.Dht;

/// <summary>An introduction as a value of the DHT: signed by the sender, readable by the recipient only.</summary>
/// <remarks>docs/protocols/rendezvous-dht.md. The signature covers the encrypted text, not the value's id.</remarks>
internal static class SealedIntroduction
{
    /// <summary>Seals an introduction, in the form that every release reads.</summary>
    public static DhtValue Seal(Identity host, Identity peer, ulong id, Introduction ours) =>
        Seal(host, peer, id, IntroductionText.Write(ours.EndPoint, new Puzzle(ours.Puzzle)));

    /// <summary>Seals a text. Each call gives other bytes, since the encryption is random.</summary>
    public static DhtValue Seal(Identity host, Identity peer, ulong id, string text)
    {
        using DhtPublicKey recipient = KeyOf(peer);
        return new DhtPrivateKey(host.PrivateKey!).Sign(new DhtValue { Id = id, Data = recipient.Encrypt(PackedText.Pack(text)) });
    }

    /// <summary>Whether this very identity, whose certificate is pinned, signed the value.</summary>
    public static bool IsSignedBy(DhtValue value, Identity sender)
    {
        using DhtPublicKey key = KeyOf(sender);
        return key.Verifies(value);
    }

    /// <summary>Opens a value whose signature has been verified.</summary>
    /// <returns>False for bytes that were not meant for us, or are no introduction.</returns>
    public static bool TryOpen(DhtValue value, Identity host, [NotNullWhen(true)] out IntroductionText? introduction)
    {
        introduction = null;
        return new DhtPrivateKey(host.PrivateKey!).TryDecrypt(value.Data.Span, out byte[] packed)
            && PackedText.TryUnpack(packed, out string text, out _)
            && IntroductionText.TryRead(text, out introduction);
    }

    private static DhtPublicKey KeyOf(Identity identity) => DhtPublicKey.TryImport(identity.SubjectPublicKeyInfo.Span, out DhtPublicKey? key)
        ? key!
        : throw new PlexusException(
            PlexusStage.Identity, $"The key of {identity} cannot be used with OpenDHT: it must be RSA of 1,024 to 8,192 bits.");
}
