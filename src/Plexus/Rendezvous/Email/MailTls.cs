using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MailKit;
using Plexus.Sockets;

namespace Plexus.Rendezvous.Email;

/// <summary>Decides whether a server's certificate is to be trusted, and says why not.</summary>
internal sealed class MailTls(EmailRendezvousOptions options, EndpointName server)
{
    /// <summary>Why the certificate was refused, as the end of a sentence that begins with it; null when it was not.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Lets a client ask here.</summary>
    public void Apply(MailService client)
    {
        client.CheckCertificateRevocation = false; // Private authorities have no lists, and an unreachable list would shut us out.
        if (options.ClientCertificate is { } ours) client.ClientCertificates = [ours];
        client.ServerCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate as X509Certificate2, chain, errors);
    }

    private bool IsTrusted(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (options.AcceptsAnyServer) return true;
        Refusal =
            certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? "is missing"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? $"is not for '{server.Host}' but for {certificate.Subject}; use the name that it has"
            : options.Authorities.Count > 0 ? FlawUnder(options.Authorities, certificate, chain)
            : errors == SslPolicyErrors.None ? null
            : Flaw(chain, certificate);
        return Refusal is null;
    }

    private static string? FlawUnder(IReadOnlyList<X509Certificate2> authorities, X509Certificate2 certificate, X509Chain? received)
    {
        using X509Chain chain = new()
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true,
            },
        };
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities.ToArray());
        // Authorities between that one and the server come with the server's certificate.
        foreach (X509ChainElement element in received?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(certificate) ? null : Flaw(chain, certificate);
    }

    private static string Flaw(X509Chain? chain, X509Certificate2 certificate)
    {
        X509ChainStatusFlags flags = (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, static (all, status) => all | status.Status);
        return flags.HasFlag(X509ChainStatusFlags.NotTimeValid)
            ? $"is valid only from {certificate.NotBefore:yyyy-MM-dd} to {certificate.NotAfter:yyyy-MM-dd}; its owner must renew it"
            : "comes from no authority that is trusted here; give its authority with --email-ca";
    }
}
