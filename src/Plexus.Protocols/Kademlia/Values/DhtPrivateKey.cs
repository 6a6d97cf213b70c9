using System.Security.Cryptography;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Values;

/// <summary>An RSA private key that signs values and decrypts what was encrypted for it.</summary>
/// <param name="rsa">The key, which stays the caller's.</param>
internal sealed class DhtPrivateKey(RSA rsa)
{
    /// <summary>The public half in DER, as a SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte> Info { get; } = rsa.ExportSubjectPublicKeyInfo();

    /// <summary>The id of the public half.</summary>
    public InfoHash Id => InfoHash.Of(Info.Span);

    /// <summary>The value with this key as its owner, signed. Equal values get equal signatures.</summary>
    public DhtValue Sign(DhtValue value)
    {
        DhtValue owned = value with { Owner = Info, Signature = default, Cipher = default };
        MessagePackWriter body = new();
        DhtValueCodec.WriteBody(body, owned);
        return owned with { Signature = rsa.SignData(body.Written, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1) };
    }

    /// <summary>Decrypts what <see cref="DhtPublicKey.Encrypt"/> made. A failure tells nothing about its cause.</summary>
    public bool TryDecrypt(ReadOnlySpan<byte> cipher, out byte[] plain)
    {
        plain = [];
        int modulus = rsa.KeySize / 8;
        if (cipher.Length < modulus) return false;
        try
        {
            byte[] first = rsa.Decrypt(cipher[..modulus], RSAEncryptionPadding.Pkcs1);
            if (cipher.Length == modulus)
            {
                plain = first;
                return true;
            }

            ReadOnlySpan<byte> rest = cipher[modulus..];
            if (rest.Length < DhtPublicKey.NonceSize + DhtPublicKey.TagSize || first.Length is not (16 or 24 or 32)) return false;
            using AesGcm aes = new(first, DhtPublicKey.TagSize);
            byte[] text = new byte[rest.Length - DhtPublicKey.NonceSize - DhtPublicKey.TagSize];
            aes.Decrypt(
                rest[..DhtPublicKey.NonceSize],
                rest[DhtPublicKey.NonceSize..^DhtPublicKey.TagSize],
                rest[^DhtPublicKey.TagSize..],
                text);
            plain = text;
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Signs the value and encrypts body and signature for another key.</summary>
    public DhtValue Seal(DhtValue value, DhtPublicKey recipient)
    {
        MessagePackWriter content = new();
        DhtValueCodec.WriteContent(content, Sign(value with { Recipient = recipient.Id }));
        return new DhtValue
        {
            Id = value.Id,
            Cipher = recipient.Encrypt(content.Written),
            Priority = value.Priority,
            PushType = value.PushType,
        };
    }

    /// <summary>Opens an encrypted value: meant for this key, with a right signature inside.</summary>
    public bool TryOpen(DhtValue sealedValue, out DhtValue? value)
    {
        value = null;
        if (!TryDecrypt(sealedValue.Cipher.Span, out byte[] content)
            || !DhtValueCodec.TryReadContent(content, sealedValue.Id, out DhtValue? inner)
            || inner!.Recipient != Id
            || !DhtPublicKey.TryImport(inner.Owner.Span, out DhtPublicKey? owner))
        {
            return false;
        }

        using (owner)
        {
            if (!owner!.Verifies(inner)) return false;
        }

        value = inner with { Priority = sealedValue.Priority, PushType = sealedValue.PushType };
        return true;
    }
}
