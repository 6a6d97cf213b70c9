using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Plexus.Identities;

namespace Plexus.Streams;

/// <summary>How ours speak TLS: 1.3 only, each side with its certificate, and no other certificate than the repository's is believed.</summary>
/// <remarks>
/// A certificate is compared byte for byte. Its dates, names, usages and issuers mean nothing, as everywhere here: it is
/// pinned by lying in the repository. Nothing is looked up, downloaded or remembered for a later connection.
/// docs/protocols/stream.md.
/// </remarks>
internal sealed class TlsTerms
{
    /// <summary>The name of what runs inside, ALPN (RFC 7301).</summary>
    public static readonly SslApplicationProtocol Protocol = new("plexus/1");

    /// <summary>2,048 bits: OpenSSL's usual security level takes no smaller RSA key.</summary>
    private const int SmallestKey = 2_048;

    private readonly Identity _host;
    private readonly Identity _peer;
    private readonly SslStreamCertificateContext _certificate;

    /// <exception cref="PlexusException">A key is too small for TLS.</exception>
    public TlsTerms(Identity host, Identity peer)
    {
        (_host, _peer) = (host, peer);
        foreach (Identity one in (Identity[])[host, peer])
        {
            if (one.KeyBits < SmallestKey)
            {
                throw new PlexusException(
                    PlexusStage.Payload,
                    $"The key of {one} has {one.KeyBits} bits, and TLS needs {SmallestKey}; make a new identity for it, or allow a stream without encryption.");
            }
        }

        _certificate = SslStreamCertificateContext.Create(WithKey(), additionalCertificates: null, offline: true);
    }

    /// <summary>Whether the peer showed a certificate that is not the repository's, or none.</summary>
    public bool HasSeenAnother { get; private set; }

    /// <summary>The inviter's side.</summary>
    public SslClientAuthenticationOptions Client() => new()
    {
        TargetHost = "", // No name is sent.
        ClientCertificateContext = _certificate,
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = [Protocol],
        AllowTlsResume = false,
        AllowRenegotiation = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = NoChain(),
        RemoteCertificateValidationCallback = (_, shown, _, _) => IsPinned(shown),
    };

    /// <summary>The acceptor's side.</summary>
    public SslServerAuthenticationOptions Server() => new()
    {
        ServerCertificateContext = _certificate,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = [Protocol],
        AllowTlsResume = false,
        AllowRenegotiation = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = NoChain(),
        RemoteCertificateValidationCallback = (_, shown, _, _) => IsPinned(shown),
    };

    // A chain is built before the callback is asked, whatever that says: it must not go looking for issuers.
    private static X509ChainPolicy NoChain() => new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };

    private bool IsPinned(X509Certificate? shown)
    {
        bool isPinned = shown is not null && shown.GetRawCertData().AsSpan().SequenceEqual(_peer.Certificate.RawDataMemory.Span);
        HasSeenAnother |= !isPinned;
        return isPinned;
    }

    private X509Certificate2 WithKey()
    {
        X509Certificate2 certificate = _host.Certificate.CopyWithPrivateKey(_host.PrivateKey!);
        if (!OperatingSystem.IsWindows()) return certificate;
        // Windows takes no key that lives in memory only.
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        }
    }
}
