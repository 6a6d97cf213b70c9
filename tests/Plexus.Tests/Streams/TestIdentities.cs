using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Plexus.Identities;
using Plexus.Tests.Identities;

namespace Plexus.Tests.Streams;

/// <summary>Identities that are made for a test, some of them unusual.</summary>
internal static class TestIdentities
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    public static Identity Alice { get; } = Make("alice/laptop");

    public static Identity Bob { get; } = Make("bob/server");

    /// <summary>Somebody who says that he is bob.</summary>
    public static Identity Impostor { get; } = Make("bob/server");

    /// <summary>A key of 4,096 bits, which take seconds to make.</summary>
    public static Identity Big
    {
        get
        {
            using TemporaryFolder folder = new();
            SampleKeys.Install(folder["all"], ["carol"], "carol");
            return new IdentityRepository(folder["all"]).LoadHost(SampleKeys.Carol);
        }
    }

    /// <param name="name">The name in the repository; the certificate has the same.</param>
    /// <param name="bits">The size of the key.</param>
    /// <param name="from">In years from now.</param>
    /// <param name="to">In years from now.</param>
    /// <param name="forMailOnly">Whether the certificate says that it is good for mail only, and for signing certificates.</param>
    public static Identity Make(string name, int bits = 2_048, int from = -1, int to = 10, bool forMailOnly = false)
    {
        RSA key = RSA.Create(bits);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        if (forMailOnly)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.4")], critical: true));
        }

        using X509Certificate2 made = request.CreateSelfSigned(Now.AddYears(from), Now.AddYears(to));
        X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(made.RawData);
        return new Identity(IdentityName.Parse(name), certificate, certificate.GetRSAPublicKey()!, key);
    }

    /// <summary>Another certificate for the same key and name, as after a renewal.</summary>
    public static Identity Renewed(Identity identity)
    {
        CertificateRequest request = new($"CN={identity.Name}", identity.PrivateKey!, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 made = request.CreateSelfSigned(Now.AddDays(-1), Now.AddYears(1));
        X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(made.RawData);
        return new Identity(identity.Name, certificate, identity.PublicKey, identity.PrivateKey);
    }
}
