using System.Security.Cryptography;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Values;

/// <summary>An RSA public key that checks signatures of values and encrypts for its holder.</summary>
internal sealed class DhtPublicKey : IDisposable
{
    private const int Pkcs1Overhead = 11; // RSAES-PKCS1-v1_5: two type bytes, eight random ones, one zero (RFC 8017, 7.2.1).
    private const int AesKeySize = 32; // Fits every modulus that we accept.

    /// <summary>Bytes of the nonce of AES-GCM behind the encrypted key.</summary>
    internal const int NonceSize = 12;

    /// <summary>Bytes of the tag of AES-GCM at the end.</summary>
    internal const int TagSize = 16;

    private readonly RSA _rsa;

    private DhtPublicKey(RSA rsa, byte[] info)
    {
        _rsa = rsa;
        Info = info;
        Id = InfoHash.Of(info);
        LongId = SHA256.HashData(info);
    }

    /// <summary>The key in DER, as a SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte> Info { get; }

    /// <summary>The SHA-1 of <see cref="Info"/>.</summary>
    public InfoHash Id { get; }

    /// <summary>The SHA-256 of <see cref="Info"/>.</summary>
    public ReadOnlyMemory<byte> LongId { get; }

    /// <summary>Takes a key that a stranger may have chosen; false when it is not an RSA key of usable size.</summary>
    public static bool TryImport(ReadOnlySpan<byte> info, out DhtPublicKey? key)
    {
        key = null;
        if (!PublicKeyInfo.IsUsableRsa(info)) return false;
        RSA rsa = RSA.Create();
        try
        {
            rsa.ImportSubjectPublicKeyInfo(info, out _);
            key = new DhtPublicKey(rsa, info.ToArray());
            return true;
        }
        catch (CryptographicException)
        {
            rsa.Dispose();
            return false;
        }
    }

    /// <summary>Whether the value names this key as its owner and the signature is right.</summary>
    public bool Verifies(DhtValue value)
    {
        if (!value.IsSigned || !value.Owner.Span.SequenceEqual(Info.Span)) return false;
        MessagePackWriter body = new(value.Size + value.Owner.Length + 128);
        DhtValueCodec.WriteBody(body, value);
        try
        {
            return _rsa.VerifyData(body.Written, value.Signature.Span, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Encrypts for the holder of the key.</summary>
    /// <remarks>
    /// Short texts: RSAES-PKCS1-v1_5. Longer ones: an AES key encrypted so, a nonce of 12 bytes, AES-GCM data, a tag of 16.
    /// </remarks>
    public byte[] Encrypt(ReadOnlySpan<byte> plain)
    {
        int modulus = _rsa.KeySize / 8;
        if (plain.Length <= modulus - Pkcs1Overhead) return _rsa.Encrypt(plain, RSAEncryptionPadding.Pkcs1);
        byte[] aesKey = RandomNumberGenerator.GetBytes(AesKeySize);
        byte[] cipher = new byte[modulus + NonceSize + plain.Length + TagSize];
        _rsa.Encrypt(aesKey, cipher, RSAEncryptionPadding.Pkcs1);
        Span<byte> nonce = cipher.AsSpan(modulus, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using AesGcm aes = new(aesKey, TagSize);
        aes.Encrypt(nonce, plain, cipher.AsSpan(modulus + NonceSize, plain.Length), cipher.AsSpan(^TagSize..));
        CryptographicOperations.ZeroMemory(aesKey);
        return cipher;
    }

    public void Dispose() => _rsa.Dispose();
}
