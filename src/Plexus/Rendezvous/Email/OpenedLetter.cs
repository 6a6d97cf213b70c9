using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.Xml;
using Plexus.Identities;

namespace Plexus.Rendezvous.Email;

/// <summary>A letter that our key has opened. Who wrote it is known only when <see cref="IsSignedBy"/> says so.</summary>
internal sealed class OpenedLetter
{
    private static readonly HashSet<string> Digests = // SHA-256, 384 and 512; what is weaker can be forged.
        ["2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"];

    private readonly SignerInfo _signer;

    private OpenedLetter(string text, SignerInfo signer, X509IssuerSerial name)
    {
        (Text, _signer) = (text, signer);
        SerialNumber = name.SerialNumber;
        SignedAt = signer.SignedAttributes.Cast<CryptographicAttributeObject>()
            .SelectMany(static attribute => attribute.Values.Cast<AsnEncodedData>()).OfType<Pkcs9SigningTime>()
            .Select(static time => (DateTimeOffset?)new DateTimeOffset(time.SigningTime.ToUniversalTime())).FirstOrDefault();
        HasGoodExtension = LetterExtension.TryFind(signer.SignedAttributes, out byte[] extension);
        Extension = extension;
        Digest = Convert.ToHexString(SHA256.HashData(signer.GetSignature()));
    }

    /// <summary>What is signed.</summary>
    public string Text { get; }

    /// <summary>The serial number of the certificate that the signature names, hexadecimal. It finds candidates, and proves nothing.</summary>
    public string SerialNumber { get; }

    /// <summary>When it was signed, says the signer.</summary>
    public DateTimeOffset? SignedAt { get; }

    /// <summary>What ours says besides; empty in an original's.</summary>
    public byte[] Extension { get; }

    /// <summary>Whether the extension, if there is one, can be told from none.</summary>
    public bool HasGoodExtension { get; }

    /// <summary>The same for every copy of this letter, however it is sealed.</summary>
    public string Digest { get; }

    /// <summary>Takes a detached signature apart.</summary>
    /// <exception cref="CryptographicException">It is none.</exception>
    public static OpenedLetter? Of(string text, SignedCms cms) =>
        cms.SignerInfos.Count == 1 && cms.SignerInfos[0] is { SignerIdentifier.Value: X509IssuerSerial name } signer
        && Digests.Contains(signer.DigestAlgorithm.Value ?? "")
            ? new(text, signer, name)
            : null;

    /// <summary>Whether this very identity, whose certificate is pinned, signed the letter.</summary>
    /// <remarks>
    /// A certificate inside the signature is believed by the framework before the pinned one when both have the same issuer and
    /// serial number, which anybody can write into a certificate: it must be the pinned one, byte for byte.
    /// </remarks>
    public bool IsSignedBy(Identity peer)
    {
        try
        {
            _signer.CheckSignature([peer.Certificate], verifySignatureOnly: true);
            return _signer.Certificate is not { } used || used.RawDataMemory.Span.SequenceEqual(peer.Certificate.RawDataMemory.Span);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
