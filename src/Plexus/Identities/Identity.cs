using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plexus.Identities;

/// <summary>Who somebody is: a name, an RSA certificate, and for the host the private key too.</summary>
/// <remarks>
/// Nothing of the certificate but its public key is believed, as in the original: it is pinned by lying in the
/// repository. Identities do not change; they may be used from several threads and need not be disposed.
/// </remarks>
public sealed class Identity
{
    internal Identity(IdentityName name, X509Certificate2 certificate, RSA publicKey, RSA? privateKey = null)
    {
        Name = name;
        Certificate = certificate;
        PublicKey = publicKey;
        PrivateKey = privateKey;
        byte[] info = publicKey.ExportSubjectPublicKeyInfo();
        SubjectPublicKeyInfo = info;
        KeyId = SHA1.HashData(info);
    }

    /// <summary>The complete name, both parts.</summary>
    public IdentityName Name { get; }

    /// <summary>The certificate, without the private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The public key, as DER of the structure SubjectPublicKeyInfo (RFC 5280 section 4.1).</summary>
    public ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    /// <summary>The id of the key in the DHT: SHA-1 of <see cref="SubjectPublicKeyInfo"/>, 20 bytes.</summary>
    public ReadOnlyMemory<byte> KeyId { get; }

    /// <summary>The id of the key in the DHT as 40 lower-case hexadecimal digits, the form rendezvous keys are made of.</summary>
    public string KeyIdText => Convert.ToHexStringLower(KeyId.Span);

    /// <summary>SHA-256 of the certificate as 64 upper-case hexadecimal digits in pairs, for people to compare.</summary>
    public string Fingerprint =>
        string.Join(':', Convert.ToHexString(SHA256.HashData(Certificate.RawDataMemory.Span)).Chunk(2).Select(pair => new string(pair)));

    /// <summary>The size of the RSA key, in bits.</summary>
    public int KeyBits => PublicKey.KeySize;

    /// <summary>From when the certificate says it is valid. Informs people; nothing refuses a peer for it.</summary>
    public DateTimeOffset ValidFrom => new(Certificate.NotBefore.ToUniversalTime());

    /// <summary>When the certificate says it expires. Informs people; nothing refuses a peer for it.</summary>
    public DateTimeOffset Expires => new(Certificate.NotAfter.ToUniversalTime());

    /// <summary>Whether this identity can be the host, because its private key was loaded.</summary>
    public bool HasPrivateKey => PrivateKey is not null;

    /// <summary>The public key.</summary>
    internal RSA PublicKey { get; }

    /// <summary>The private key; null for a peer.</summary>
    internal RSA? PrivateKey { get; }

    /// <summary>The name. Never the key.</summary>
    public override string ToString() => Name.ToString();
}
