using System.Security.Cryptography;
using System.Text;

namespace Plexus.Protocols.Kademlia.Values;

/// <summary>Looks at a SubjectPublicKeyInfo (RFC 5280, section 4.1) without doing arithmetic with the key.</summary>
/// <remarks>
/// Values carry keys that strangers chose. Structure, length and exponent are judged here, so that no key which would
/// be slow to use, or that a cryptographic library chokes on, comes any further.
/// </remarks>
internal static class PublicKeyInfo
{
    /// <summary>2,048 bytes: what OpenDHT exports at most.</summary>
    public const int MaxLength = 2048;

    private const int MaxPemLength = 4096; // Base64 makes 4 characters of 3 bytes, and there are armour and line ends.
    private const int MinModulusBits = 1024; // Shorter keys can be broken.
    private const int MaxModulusBits = 8192; // A check with such a key takes about a millisecond; it grows with the square.
    private const int MaxExponentBytes = 4; // 65,537 is usual. A long exponent makes a verification slow.

    private const byte Integer = 0x02;
    private const byte BitString = 0x03;
    private const byte ObjectIdentifier = 0x06;
    private const byte Sequence = 0x30;

    // rsaEncryption, 1.2.840.113549.1.1.1
    private static ReadOnlySpan<byte> RsaEncryption => [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

    /// <summary>Brings a key in DER or PEM to DER; false for anything that has not the form of a public key.</summary>
    public static bool TryNormalize(ReadOnlyMemory<byte> key, out ReadOnlyMemory<byte> info)
    {
        info = default;
        if (IsWellFormed(key.Span))
        {
            info = key;
            return true;
        }

        if (key.Length > MaxPemLength || !key.Span.StartsWith("-----BEGIN "u8)) return false;
        string text = Encoding.ASCII.GetString(key.Span);
        if (!PemEncoding.TryFind(text, out PemFields fields) || text.AsSpan()[fields.Label] is not "PUBLIC KEY") return false;
        byte[] der = new byte[fields.DecodedDataLength];
        if (!Convert.TryFromBase64Chars(text.AsSpan()[fields.Base64Data], der, out int length) || !IsWellFormed(der.AsSpan(0, length)))
        {
            return false;
        }

        info = der.AsMemory(0, length);
        return true;
    }

    /// <summary>Whether this is an RSA key that may be used: a modulus of 1,024 to 8,192 bits, a short odd exponent.</summary>
    public static bool IsUsableRsa(ReadOnlySpan<byte> info)
    {
        if (!TrySplit(info, out ReadOnlySpan<byte> algorithm, out ReadOnlySpan<byte> key)
            || !algorithm.SequenceEqual(RsaEncryption)
            || !TryTake(ref key, Sequence, out ReadOnlySpan<byte> numbers)
            || !key.IsEmpty
            || !TryTake(ref numbers, Integer, out ReadOnlySpan<byte> modulus)
            || !TryTake(ref numbers, Integer, out ReadOnlySpan<byte> exponent)
            || !numbers.IsEmpty)
        {
            return false;
        }

        int bits = modulus.TrimStart((byte)0).Length * 8;
        return IsPositive(modulus)
            && IsPositive(exponent)
            && bits is >= MinModulusBits and <= MaxModulusBits
            && (modulus[^1] & 1) == 1
            && exponent.TrimStart((byte)0).Length <= MaxExponentBytes
            && (exponent[^1] & 1) == 1
            && exponent is not [1];
    }

    private static bool IsWellFormed(ReadOnlySpan<byte> info) => info.Length <= MaxLength && TrySplit(info, out _, out _);

    /// <summary>Splits {{algorithm, parameters}, key} into the algorithm's identifier and the key's bytes.</summary>
    private static bool TrySplit(ReadOnlySpan<byte> info, out ReadOnlySpan<byte> algorithm, out ReadOnlySpan<byte> key)
    {
        algorithm = default;
        key = default;
        if (!TryTake(ref info, Sequence, out ReadOnlySpan<byte> content)
            || !info.IsEmpty
            || !TryTake(ref content, Sequence, out ReadOnlySpan<byte> identifier)
            || !TryTake(ref identifier, ObjectIdentifier, out algorithm)
            || !TryTake(ref content, BitString, out key)
            || !content.IsEmpty
            || key is not [0, _, ..]) // The first byte counts unused bits: a key has whole bytes.
        {
            return false;
        }

        key = key[1..];
        return true;
    }

    private static bool IsPositive(ReadOnlySpan<byte> integer) =>
        integer is [> 0 and < 0x80, ..] or [0, >= 0x80, ..]; // DER: shortest form, the first bit is the sign.

    /// <summary>Takes one object with this tag from the front. DER: lengths in their shortest form.</summary>
    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, byte tag, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (rest.Length < 2 || rest[0] != tag) return false;
        int length;
        int head;
        switch (rest[1])
        {
            case < 0x80:
                (length, head) = (rest[1], 2);
                break;
            case 0x81 when rest.Length >= 3 && rest[2] >= 0x80:
                (length, head) = (rest[2], 3);
                break;
            case 0x82 when rest.Length >= 4 && rest[2] != 0:
                (length, head) = (rest[2] << 8 | rest[3], 4);
                break;
            default:
                return false; // Longer lengths exceed the limit of a key anyway.
        }

        if (length > rest.Length - head) return false;
        content = rest.Slice(head, length);
        rest = rest[(head + length)..];
        return true;
    }
}
