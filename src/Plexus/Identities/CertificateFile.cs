using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Plexus.Identities;

/// <summary>Reads the files of an identity: a certificate in PEM or DER, a private key in PEM.</summary>
/// <remarks>It does not read PKCS#12, encrypted keys or keys other than RSA, which the DHT rendezvous needs.</remarks>
internal static class CertificateFile
{
    public const string CertificateName = "cert.crt";
    public const string PrivateKeyName = "private.key";
    public const string AuthorityName = "ca.crt"; // Only the e-mail rendezvous uses it.

    public const int LargestFile = 64 * 1024; // An RSA certificate of 16384 bits with many extensions has below 16 KiB.
    public const int SmallestKey = 1024; // Below, an invitation does not fit into one RSA block.
    public const int LargestKey = 16_384; // Above, one signature check takes tens of milliseconds.

    private const string CertificateLabel = "-----BEGIN CERTIFICATE-----";
    private const string PrivateKeyLabelEnd = "PRIVATE KEY-----";

    /// <summary>The bytes of a small file.</summary>
    /// <exception cref="IOException">It cannot be read, or is larger than <see cref="LargestFile"/>.</exception>
    public static byte[] ReadSmall(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(LargestFile + 1);
        try
        {
            int length = file.ReadAtLeast(buffer.AsSpan(0, LargestFile + 1), LargestFile + 1, throwOnEndOfStream: false);
            return length <= LargestFile ? buffer[..length] : throw new IOException($"it is larger than {LargestFile / 1024} KiB");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true); // It may have held a private key.
        }
    }

    /// <summary>Whether a file holds a private key in PEM, which must not be handed around.</summary>
    public static bool HoldsPrivateKey(ReadOnlySpan<byte> file) =>
        Encoding.ASCII.GetString(file).Contains(PrivateKeyLabelEnd, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a certificate with an RSA key.</summary>
    /// <param name="file">PEM, with text around it if need be, or DER.</param>
    /// <param name="certificate">The certificate, or null.</param>
    /// <param name="key">Its public key, or null.</param>
    /// <param name="problem">Why there is none, as the end of a sentence that begins with the file.</param>
    public static bool TryReadCertificate(
        ReadOnlySpan<byte> file, [NotNullWhen(true)] out X509Certificate2? certificate, [NotNullWhen(true)] out RSA? key, out string problem)
    {
        certificate = null;
        key = null;
        problem = "";
        try
        {
            string text = Encoding.ASCII.GetString(file);
            certificate = text.Contains(CertificateLabel, StringComparison.Ordinal)
                ? X509Certificate2.CreateFromPem(text)
                : X509CertificateLoader.LoadCertificate(file);
            _ = (certificate.NotBefore, certificate.NotAfter); // Read only when asked for, and then it is too late to refuse them.
            key = certificate.GetRSAPublicKey();
            if (key is { KeySize: >= SmallestKey and <= LargestKey }) return true;
            problem = key is null
                ? "has no RSA key, and the rendezvous needs one"
                : $"has an RSA key of {key.KeySize} bits; allowed are {SmallestKey} to {LargestKey}";
        }
        catch (CryptographicException)
        {
            problem = "is not a certificate in PEM or DER form";
        }

        key?.Dispose();
        certificate?.Dispose();
        certificate = null;
        key = null;
        return false;
    }

    /// <summary>Reads an RSA private key.</summary>
    /// <param name="file">PEM: PKCS#8 or PKCS#1, not encrypted.</param>
    /// <param name="key">The key, or null.</param>
    /// <param name="problem">Why there is none, as the end of a sentence that begins with the file. Never holds key material.</param>
    public static bool TryReadPrivateKey(ReadOnlySpan<byte> file, [NotNullWhen(true)] out RSA? key, out string problem)
    {
        key = null;
        problem = "";
        char[] text = new char[file.Length];
        RSA rsa = RSA.Create();
        try
        {
            Encoding.Latin1.GetChars(file, text);
            rsa.ImportFromPem(text);
            // A lone public key imports as well, and would fail only when it is to sign.
            CryptographicOperations.ZeroMemory(rsa.ExportRSAPrivateKey());
            key = rsa;
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            rsa.Dispose();
            problem = text.AsSpan().Contains("ENCRYPTED", StringComparison.Ordinal)
                ? "is protected by a passphrase; remove it with: openssl pkey -in private.key -out private.key.new"
                : "is not an RSA private key in PEM form";
            return false;
        }
        finally
        {
            text.AsSpan().Clear();
        }
    }
}
