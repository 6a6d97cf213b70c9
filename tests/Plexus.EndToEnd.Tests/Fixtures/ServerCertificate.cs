using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>An authority for one test, and certificates of servers from it.</summary>
internal sealed class ServerCertificate : IDisposable
{
    private readonly RSA _authorityKey = RSA.Create(2048);

    public ServerCertificate()
    {
        CertificateRequest request = new("CN=an authority for tests", _authorityKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        Authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(1));
    }

    public X509Certificate2 Authority { get; }

    /// <summary>Writes a certificate and its key.</summary>
    /// <param name="certificatePath">Where the certificate goes.</param>
    /// <param name="keyPath">Where its key goes.</param>
    /// <param name="address">The address it is for, besides <c>localhost</c>.</param>
    /// <param name="isExpired">Whether its time is over.</param>
    public void Write(string certificatePath, string keyPath, IPAddress address, bool isExpired = false)
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 certificate = request.Create(Authority, now.AddDays(-100), isExpired ? now.AddDays(-1) : now.AddDays(100), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(certificatePath, certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    public void Dispose()
    {
        Authority.Dispose();
        _authorityKey.Dispose();
    }
}
