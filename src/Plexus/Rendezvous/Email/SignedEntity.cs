using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Plexus.Rendezvous.Email;

/// <summary>The entity inside a letter's envelope: multipart/signed (RFC 1847) as OpenSSL writes it.</summary>
/// <remarks>
/// Its first part has neither headers nor the empty line that would end them, so no MIME parser reads it. The signature
/// covers the text with CRLF as line ends, without the one before the boundary.
/// </remarks>
/// <param name="Text">What is signed.</param>
/// <param name="Signature">The CMS message SignedData, detached, DER or BER.</param>
internal sealed record SignedEntity(byte[] Text, byte[] Signature)
{
    private const int Base64Columns = 64; // As OpenSSL and PEM (RFC 7468 section 2).
    private const int LongestBoundary = 70; // RFC 2046 section 5.1.1.
    private const int BoundaryBytes = 16; // OpenSSL's 32 hexadecimal digits.
    private const string BoundaryKey = "boundary=";
    private const string End = "\r\n";

    /// <summary>Writes the entity, headers included.</summary>
    public byte[] Write()
    {
        string boundary = "----" + Convert.ToHexString(RandomNumberGenerator.GetBytes(BoundaryBytes));
        StringBuilder entity = new();
        entity.Append("MIME-Version: 1.0").Append(End)
            .Append($"Content-Type: multipart/signed; protocol=\"application/x-pkcs7-signature\"; micalg=\"sha-256\"; boundary=\"{boundary}\"").Append(End)
            .Append(End)
            .Append("This is an S/MIME signed message").Append(End)
            .Append(End)
            .Append($"--{boundary}").Append(End)
            .Append(Encoding.Latin1.GetString(Text)).Append(End)
            .Append($"--{boundary}").Append(End)
            .Append("Content-Type: application/x-pkcs7-signature; name=\"smime.p7s\"").Append(End)
            .Append("Content-Transfer-Encoding: base64").Append(End)
            .Append("Content-Disposition: attachment; filename=\"smime.p7s\"").Append(End)
            .Append(End);
        AppendBase64(entity, Signature);
        entity.Append(End).Append($"--{boundary}--").Append(End).Append(End);
        return Encoding.Latin1.GetBytes(entity.ToString());
    }

    /// <summary>Appends bytes in lines of base64.</summary>
    public static void AppendBase64(StringBuilder to, byte[] bytes)
    {
        string text = Convert.ToBase64String(bytes);
        for (int at = 0; at < text.Length; at += Base64Columns)
        {
            to.Append(text.AsSpan(at, Math.Min(Base64Columns, text.Length - at))).Append(End);
        }
    }

    /// <summary>Reads what an envelope held.</summary>
    /// <param name="bytes">From anybody who has our certificate.</param>
    /// <param name="entity">The text and its signature.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedEntity? entity)
    {
        entity = null;
        string all = Encoding.Latin1.GetString(bytes).ReplaceLineEndings("\n"); // One character a byte, for the way back.
        int headersEnd = all.IndexOf("\n\n", StringComparison.Ordinal);
        if (headersEnd < 0 || !TryFindBoundary(all[..headersEnd].Replace("\n ", " ", StringComparison.Ordinal).Replace("\n\t", " ", StringComparison.Ordinal), out string? boundary)) return false;
        string[] parts = all[headersEnd..].Split("\n--" + boundary, 4);
        // What comes before the first boundary and behind the last one means nothing.
        if (parts.Length != 4 || !parts[3].StartsWith("--", StringComparison.Ordinal)) return false;
        if (!TryCutLine(parts[1], out string? text) || !TryCutLine(parts[2], out string? second)) return false;
        int bodyStart = second.IndexOf("\n\n", StringComparison.Ordinal);
        if (bodyStart < 0) return false;
        byte[] base64 = Encoding.Latin1.GetBytes(second[bodyStart..]);
        byte[] signature = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        if (!Convert.TryFromBase64String(second[bodyStart..], signature, out int length)) return false;
        entity = new(Encoding.Latin1.GetBytes(text.Replace("\n", End, StringComparison.Ordinal)), signature[..length]);
        return true;
    }

    /// <summary>Removes the rest of the boundary's own line.</summary>
    private static bool TryCutLine(string part, [NotNullWhen(true)] out string? rest)
    {
        int line = part.IndexOf('\n', StringComparison.Ordinal);
        rest = line >= 0 && string.IsNullOrWhiteSpace(part[..line]) ? part[(line + 1)..] : null;
        return rest is not null;
    }

    private static bool TryFindBoundary(string headers, [NotNullWhen(true)] out string? boundary)
    {
        boundary = null;
        foreach (string header in headers.Split('\n'))
        {
            if (!header.StartsWith("Content-Type:", StringComparison.OrdinalIgnoreCase)) continue;
            int at = header.IndexOf(BoundaryKey, StringComparison.OrdinalIgnoreCase);
            if (at < 0 || !header.Contains("multipart/signed", StringComparison.OrdinalIgnoreCase)) return false;
            string rest = header[(at + BoundaryKey.Length)..].TrimStart();
            boundary = rest.StartsWith('"') ? rest[1..].Split('"')[0] : rest.Split(';')[0].TrimEnd();
            return boundary.Length is > 0 and <= LongestBoundary;
        }

        return false;
    }
}
