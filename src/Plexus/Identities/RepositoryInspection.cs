using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plexus.Identities;

/// <summary>Looks through a whole repository for what would fail or harm later.</summary>
internal sealed class RepositoryInspection(string repository, DateTimeOffset now)
{
    private const int AdvisedKeyBits = 2048; // NIST SP 800-131A allows no smaller one.
    private const UnixFileMode OthersMask =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private static readonly TimeSpan ExpirySoon = TimeSpan.FromDays(30);

    private readonly List<RepositoryFinding> _findings = [];
    private readonly Dictionary<string, IdentityName> _keys = [];
    private readonly List<IdentityName> _names = [];

    /// <summary>The findings, in the order of the folders.</summary>
    /// <exception cref="IOException">The repository cannot be read.</exception>
    public IReadOnlyList<RepositoryFinding> Inspect()
    {
        Permissions(repository, OthersWrite, "chmod go-w");
        foreach (string owner in Entries(repository))
        {
            if (!Directory.Exists(owner))
            {
                Stray(owner);
                continue;
            }

            Permissions(owner, OthersWrite, "chmod go-w");
            foreach (string pin in Entries(owner))
            {
                if (!Directory.Exists(pin)) Stray(pin);
                else if (IdentityName.TryMake(Path.GetFileName(owner), Path.GetFileName(pin), out IdentityName? name)) Identity(pin, name);
                else Error(pin, "The folder's name cannot be part of an identity.", $"Rename it; an identity is {IdentityName.Form}.");
            }
        }

        if (_names.Count > PeerIndex.LargestRepository)
        {
            Error(repository, $"There are more than {PeerIndex.LargestRepository} identities; the rest is not looked at.", "Spread them over several repositories.");
        }

        return _findings;
    }

    private void Identity(string folder, IdentityName name)
    {
        Permissions(folder, OthersWrite, "chmod go-w");
        if (_names.Find(other => LookAlikes.Confusable(other.ToString(), name.ToString())) is { } twin)
        {
            Warn(folder, $"'{name}' looks like '{twin}'.", "Rename one of them, so that nobody mistakes it for the other.");
        }

        _names.Add(name);
        string certificatePath = Path.Combine(folder, CertificateFile.CertificateName);
        string keyPath = Path.Combine(folder, CertificateFile.PrivateKeyName);
        Identity? identity = File.Exists(certificatePath) ? Certificate(certificatePath, name) : null;
        if (!File.Exists(certificatePath))
        {
            Error(folder, $"There is no {CertificateFile.CertificateName}.", $"Import it: plexus identity import {name} FILE, or remove the folder.");
        }

        if (File.Exists(keyPath)) PrivateKey(keyPath, identity);
        string[] known = [CertificateFile.CertificateName, CertificateFile.PrivateKeyName, CertificateFile.AuthorityName];
        foreach (string entry in Entries(folder))
        {
            if (!known.Contains(Path.GetFileName(entry))) Stray(entry);
        }
    }

    private Identity? Certificate(string path, IdentityName name)
    {
        Permissions(path, OthersWrite, "chmod go-w");
        byte[] file;
        try
        {
            file = CertificateFile.ReadSmall(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Error(path, $"It cannot be read: {FileFailure.ReasonOf(e, path)}.", "Make it readable for you: chmod u+r");
            return null;
        }

        if (CertificateFile.HoldsPrivateKey(file))
        {
            Error(path, "It holds a private key besides the certificate.", "Keep the key in private.key only; if this file went anywhere, make a new identity.");
        }

        if (!CertificateFile.TryReadCertificate(file, out X509Certificate2? certificate, out RSA? key, out string problem))
        {
            Error(path, $"It {problem}.", "Ask its owner for 'plexus identity export' and import that.");
            return null;
        }

        Identity identity = new(name, certificate, key);
        if (identity.Expires < now) Warn(path, $"It expired on {identity.Expires:yyyy-MM-dd}.", "plexus still uses it; make or ask for a new one.");
        else if (identity.Expires < now + ExpirySoon) Warn(path, $"It expires on {identity.Expires:yyyy-MM-dd}.", "Make or ask for a new one in time.");
        if (identity.ValidFrom > now) Warn(path, $"It is valid only from {identity.ValidFrom:yyyy-MM-dd HH:mm} UTC.", "Check the clock of this machine and of the one that made it.");
        if (identity.KeyBits < AdvisedKeyBits) Warn(path, $"Its RSA key has only {identity.KeyBits} bits.", $"Make a new one with at least {AdvisedKeyBits}.");
        if (!_keys.TryAdd(identity.KeyIdText, name)) Warn(path, $"Its key is also that of '{_keys[identity.KeyIdText]}', which is found first.", "Remove one of the two.");
        return identity;
    }

    private void PrivateKey(string path, Identity? identity)
    {
        Permissions(path, OthersMask, "chmod 600");
        byte[] file = [];
        try
        {
            file = CertificateFile.ReadSmall(path);
            if (!CertificateFile.TryReadPrivateKey(file, out RSA? key, out string problem))
            {
                Error(path, $"It {problem}.", "Without it this identity can only be a peer; put back the key that was made with the certificate.");
                return;
            }

            using (key)
            {
                if (identity is not null && !key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(identity.SubjectPublicKeyInfo.Span))
                {
                    Error(path, "It does not belong to the certificate beside it.", "Put back the pair that was made together.");
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Error(path, $"It cannot be read: {FileFailure.ReasonOf(e, path)}.", "Run plexus as the user who owns it.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(file);
        }
    }

    private void Permissions(string path, UnixFileMode forbidden, string command)
    {
        if (OperatingSystem.IsWindows()) return; // Access lists are inherited from the user's profile there.
        UnixFileMode mode = File.GetUnixFileMode(path);
        if ((mode & forbidden) != 0)
        {
            Error(path, $"Its mode is {Convert.ToString((int)mode, 8)}: others of this machine may {(forbidden == OthersWrite ? "change" : "use")} it.", $"{command} '{path}'");
        }
    }

    private void Stray(string path)
    {
        string mend = StagedFiles.IsLeftover(Path.GetFileName(path)) ? "An interrupted run left it; remove it." : "plexus does not use it; remove it or keep it elsewhere.";
        Warn(path, "It does not belong to a repository.", mend);
    }

    private static string[] Entries(string folder)
    {
        string[] entries = Directory.GetFileSystemEntries(folder);
        Array.Sort(entries, StringComparer.Ordinal);
        return entries;
    }

    private void Warn(string path, string problem, string mend) => _findings.Add(new(FindingWeight.Warning, path, problem, mend));

    private void Error(string path, string problem, string mend) => _findings.Add(new(FindingWeight.Error, path, problem, mend));
}
