using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MimeKit;
using Plexus.Identities;

namespace Plexus.Rendezvous.Email;

/// <summary>A letter of the rendezvous: signed by the sender, readable by the recipient only, in the original's very form.</summary>
/// <remarks>
/// docs/protocols/rendezvous-email.md. It is composed as bytes, because a mail library would quote and fold the headers, which
/// an original does not read.
/// </remarks>
internal static class SealedLetter
{
    /// <summary>The largest letter that is downloaded; one with keys of 16,384 bits has about 12 KiB.</summary>
    public const int LargestLetter = 64 * 1024;

    private const int MostRecipients = 4; // One is usual; each costs a decryption with our private key.
    private const string End = "\r\n";

    private static readonly Oid Sha256 = new("2.16.840.1.101.3.4.2.1");
    private static readonly AlgorithmIdentifier Aes256Cbc = new(new Oid("2.16.840.1.101.3.4.1.42"));

    /// <summary>Writes a letter, headers included.</summary>
    /// <param name="host">Who signs it, with the private key.</param>
    /// <param name="peer">Who can read it.</param>
    /// <param name="subject">The application and the token.</param>
    /// <param name="text">One line of ASCII.</param>
    /// <param name="now">The date of the signature.</param>
    /// <param name="extension">What ours says besides, a MessagePack map; null for a letter as the original writes it.</param>
    public static byte[] Seal(Identity host, Identity peer, string subject, string text, DateTimeOffset now, byte[]? extension = null)
    {
        byte[] content = Encoding.ASCII.GetBytes(text);
        return Wrap(host.Name, peer, subject, new SignedEntity(content, Sign(host, content, now, extension)).Write());
    }

    /// <summary>Puts an entity into an envelope for the peer, and that into a letter.</summary>
    public static byte[] Wrap(IdentityName sender, Identity peer, string subject, byte[] entity)
    {
        EnvelopedCms envelope = new(new ContentInfo(entity), Aes256Cbc);
        envelope.Encrypt(new CmsRecipient(SubjectIdentifierType.IssuerAndSerialNumber, peer.Certificate, RSAEncryptionPadding.Pkcs1));
        string boundary = "----" + Convert.ToHexStringLower(Encoding.UTF8.GetBytes(sender.Owner)); // An original always writes its own.
        StringBuilder letter = new();
        letter.Append(CultureInfo.InvariantCulture, $"From: {sender.Pin} <{sender.Owner}>").Append(End)
            .Append(CultureInfo.InvariantCulture, $"To: {peer.Name.Pin} <{peer.Name.Owner}>").Append(End)
            .Append(CultureInfo.InvariantCulture, $"Subject: {subject}").Append(End)
            .Append("MIME-Version: 1.0").Append(End)
            .Append(CultureInfo.InvariantCulture, $"Content-Type: multipart/mixed; boundary={boundary}").Append(End)
            .Append(End)
            .Append(CultureInfo.InvariantCulture, $"--{boundary}").Append(End)
            .Append("MIME-Version: 1.0").Append(End)
            .Append("Content-Disposition: attachment; filename=\"smime.p7m\"").Append(End)
            .Append("Content-Type: application/x-pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"").Append(End)
            .Append("Content-Transfer-Encoding: base64").Append(End)
            .Append(End);
        SignedEntity.AppendBase64(letter, envelope.Encode());
        letter.Append(End).Append(End).Append(CultureInfo.InvariantCulture, $"--{boundary}--").Append(End);
        return Encoding.UTF8.GetBytes(letter.ToString());
    }

    /// <summary>Opens a letter. Who signed it is not checked yet.</summary>
    /// <param name="letter">The whole letter, from anybody.</param>
    /// <param name="host">Our identity, with its private key.</param>
    /// <param name="opened">The letter; null where it has a flaw.</param>
    public static LetterFlaw Open(ReadOnlyMemory<byte> letter, Identity host, out OpenedLetter? opened)
    {
        opened = null;
        if (letter.Length > LargestLetter) return LetterFlaw.TooLarge;
        try
        {
            if (SealedPart(letter) is not { } sealedBytes) return LetterFlaw.ClearText;
            if (Decrypt(sealedBytes, host) is not { } entity) return LetterFlaw.NotForUs;
            if (!SignedEntity.TryRead(entity, out SignedEntity? signed)) return LetterFlaw.Unsigned;
            SignedCms cms = new(new ContentInfo(signed.Text), detached: true);
            cms.Decode(signed.Signature);
            opened = OpenedLetter.Of(Encoding.ASCII.GetString(signed.Text), cms);
            return opened is null ? LetterFlaw.Unsigned : LetterFlaw.None;
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException or InvalidOperationException or IOException)
        {
            return LetterFlaw.Malformed; // The libraries have no other way to say so.
        }
    }

    private static byte[] Sign(Identity host, byte[] content, DateTimeOffset now, byte[]? extension)
    {
        SignedCms cms = new(new ContentInfo(content), detached: true);
        CmsSigner signer = new(SubjectIdentifierType.IssuerAndSerialNumber, host.Certificate, host.PrivateKey)
        {
            IncludeOption = X509IncludeOption.None, // The reader has it, and believes no other.
            DigestAlgorithm = Sha256,
            SignedAttributes = { new Pkcs9SigningTime(now.UtcDateTime) },
        };
        if (extension is not null) signer.SignedAttributes.Add(LetterExtension.Attribute(extension));
        cms.ComputeSignature(signer, silent: true);
        return cms.Encode();
    }

    private static byte[]? SealedPart(ReadOnlyMemory<byte> letter)
    {
        using MemoryStream stream = new(letter.ToArray(), writable: false);
        using MimeMessage message = MimeMessage.Load(stream);
        // The first one counts: servers and lists append their own parts behind it.
        if (message.BodyParts.OfType<MimePart>().FirstOrDefault(IsSealed) is not { Content: { } content }) return null;
        using MemoryStream bytes = new();
        content.DecodeTo(bytes);
        return bytes.ToArray();
    }

    private static bool IsSealed(MimePart part) =>
        part.ContentType.IsMimeType("application", "x-pkcs7-mime") || part.ContentType.IsMimeType("application", "pkcs7-mime");

    private static byte[]? Decrypt(byte[] sealedBytes, Identity host)
    {
        EnvelopedCms envelope = new();
        envelope.Decode(sealedBytes);
        foreach (RecipientInfo recipient in envelope.RecipientInfos.Cast<RecipientInfo>().Take(MostRecipients))
        {
            try
            {
                envelope.Decrypt(recipient, host.PrivateKey);
                return envelope.ContentInfo.Content;
            }
            catch (CryptographicException)
            {
                envelope.Decode(sealedBytes); // Another recipient's; a failed attempt may have left its traces.
            }
        }

        return null;
    }
}
