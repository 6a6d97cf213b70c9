using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Plexus.Identities;

/// <summary>Takes a certificate from somebody else, which is where a mistake would let a stranger in.</summary>
internal static class IdentityImport
{
    public static Identity Import(string repository, IdentityName name, ReadOnlySpan<byte> file, bool overwrite, DateTimeOffset now)
    {
        NewName.Require(repository, name);
        if (file.Length > CertificateFile.LargestFile) throw Refusal(name, $"the file is larger than {CertificateFile.LargestFile / 1024} KiB");
        if (CertificateFile.HoldsPrivateKey(file))
        {
            throw Refusal(name, "the file holds a private key; ask the peer for 'plexus identity export', and tell them that this key is no secret any more");
        }

        if (!CertificateFile.TryReadCertificate(file, out X509Certificate2? certificate, out RSA? key, out string problem))
        {
            throw Refusal(name, $"the file {problem}");
        }

        Identity identity = new(name, certificate, key);
        if (identity.Expires < now) throw Refusal(name, $"the certificate expired on {identity.Expires:yyyy-MM-dd}; ask the peer for a new one");
        if (SameKey(repository, identity) is { } other) throw Refusal(name, $"its key is here already as '{other}'; one key has one name");

        string path = RepositoryFolders.CertificatePath(repository, name);
        if (File.Exists(RepositoryFolders.PrivateKeyPath(repository, name)))
        {
            throw Refusal(name, "that is an identity of your own, with its private key");
        }

        if (!overwrite && Path.Exists(path)) throw Refusal(name, "that name has a certificate already; check with the peer that it changed, then use --force");
        try
        {
            using StagedFiles files = new();
            files.AddFolder(RepositoryFolders.Folder(repository, name));
            files.Add(path, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"), StagedFiles.PublicMode, overwrite);
            files.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw IdentityRepository.Failure($"'{name}' cannot be written into '{repository}': {FileFailure.ReasonOf(e, repository, isFolder: true)}. Nothing was changed.", e);
        }

        return identity;
    }

    private static IdentityName? SameKey(string repository, Identity identity)
    {
        foreach (IdentityName other in RepositoryFolders.List(repository))
        {
            if (other == identity.Name) continue;
            try
            {
                byte[] file = CertificateFile.ReadSmall(RepositoryFolders.CertificatePath(repository, other));
                if (CertificateFile.TryReadCertificate(file, out _, out RSA? key, out _)
                    && key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(identity.SubjectPublicKeyInfo.Span)) return other;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A folder without a readable certificate matches nobody.
            }
        }

        return null;
    }

    private static PlexusException Refusal(IdentityName name, string reason) =>
        IdentityRepository.Failure($"The certificate was not imported as '{name}': {reason}.");
}
