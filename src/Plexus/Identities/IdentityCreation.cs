using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Plexus.Identities;

/// <summary>Makes a key and a certificate that the original accepts too.</summary>
internal static class IdentityCreation
{
    public const int DefaultKeyBits = 3072; // 128 bits of strength, as AES-128 and X25519.
    public const int SmallestKeyBits = 2048;
    public const int LargestKeyBits = 8192; // A key of 16384 bits takes minutes to make.

    private const int Years = 10;
    private const string UserId = "0.9.2342.19200300.100.1.1"; // RFC 4519 section 2.39.
    private static readonly TimeSpan ClockError = TimeSpan.FromDays(1); // A peer's clock may be behind ours.

    public static Identity Create(string repository, IdentityName name, int keyBits, bool overwrite, DateTimeOffset now)
    {
        if (keyBits is < SmallestKeyBits or > LargestKeyBits || keyBits % 8 != 0)
        {
            throw IdentityRepository.Failure(
                $"A key of {keyBits} bits cannot be made; allowed are {SmallestKeyBits} to {LargestKeyBits} in steps of 8.");
        }

        NewName.Require(repository, name);
        string certificatePath = RepositoryFolders.CertificatePath(repository, name);
        string keyPath = RepositoryFolders.PrivateKeyPath(repository, name);
        if (!overwrite && (Path.Exists(certificatePath) || Path.Exists(keyPath)))
        {
            throw IdentityRepository.Failure($"'{name}' exists already; choose another name, or lose its key with --force.");
        }

        RSA key = RSA.Create(keyBits); // Made before anything is touched: it takes up to seconds.
        X509Certificate2 certificate = SelfSign(name, key, now);
        byte[] secret = Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n");
        try
        {
            using StagedFiles files = new();
            files.AddFolder(RepositoryFolders.Folder(repository, name));
            files.Add(keyPath, secret, StagedFiles.SecretMode, overwrite);
            files.Add(certificatePath, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"), StagedFiles.PublicMode, overwrite);
            files.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw IdentityRepository.Failure($"'{name}' cannot be written into '{repository}': {FileFailure.ReasonOf(e, repository, isFolder: true)}. Nothing was changed.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }

        return new(name, certificate, certificate.GetRSAPublicKey()!, key);
    }

    private static X509Certificate2 SelfSign(IdentityName name, RSA key, DateTimeOffset now)
    {
        X500DistinguishedNameBuilder subject = new();
        subject.AddCommonName(name.Owner);
        subject.Add(UserId, name.Pin);
        CertificateRequest request = new(subject.Build(), key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.DataEncipherment, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using X509Certificate2 withKey = request.CreateSelfSigned(now - ClockError, now.AddYears(Years));
        return X509CertificateLoader.LoadCertificate(withKey.RawData);
    }
}
