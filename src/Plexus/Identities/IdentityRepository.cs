using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plexus.Identities;

/// <summary>A folder of identities, <c>repository/owner/pin/</c>, with <c>cert.crt</c> and, for the host, <c>private.key</c>.</summary>
/// <remarks>
/// It is the layout of the original, and both programs may use one repository. Changes made by others while this
/// object lives are noticed. Its methods may be called from several threads.
/// </remarks>
public sealed class IdentityRepository
{
    private readonly PeerIndex _index;
    private readonly TimeProvider _clock;

    /// <summary>Opens a repository. Nothing is read yet, and the folder need not exist.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="clock">The clock for certificates made here and for the pauses between looks at the folder; null is the system's.</param>
    public IdentityRepository(string path, TimeProvider? clock = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Path = System.IO.Path.GetFullPath(path);
        _clock = clock ?? TimeProvider.System;
        _index = new(Path, _clock);
    }

    /// <summary>The folder, as a full path.</summary>
    public string Path { get; }

    /// <summary>The names in the repository that pass a filter, in the order of their text.</summary>
    /// <param name="filter">The filter; null lets every name pass.</param>
    /// <returns>Names of folders; whether their files are good is told by loading them.</returns>
    /// <exception cref="PlexusException">There is no such repository.</exception>
    public IReadOnlyList<IdentityName> List(IdentityName? filter = null)
    {
        RequireFolder();
        try
        {
            using IEnumerator<string> readable = Directory.EnumerateDirectories(Path).GetEnumerator();
            readable.MoveNext();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure($"The repository '{Path}' cannot be read: {FileFailure.ReasonOf(e, Path, isFolder: true)}.", e);
        }

        return [.. RepositoryFolders.List(Path).Where((filter ?? IdentityName.Any).Covers)];
    }

    /// <summary>Loads one's own identity, with its private key.</summary>
    /// <param name="name">A complete name.</param>
    /// <exception cref="PlexusException">A file is missing, cannot be read, or the key belongs to another certificate.</exception>
    public Identity LoadHost(IdentityName name)
    {
        Identity peer = Load(name, $"Make the identity with: plexus identity create {name} --app-repo '{Path}'");
        string path = RepositoryFolders.PrivateKeyPath(Path, name);
        byte[] file = Read(path, $"Without it '{name}' can only be a peer; name an identity of your own, or make one: plexus identity create");
        try
        {
            if (!CertificateFile.TryReadPrivateKey(file, out RSA? key, out string problem)) throw Failure($"The private key '{path}' {problem}; put back the one that was made with the certificate.");
            if (!key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(peer.SubjectPublicKeyInfo.Span))
            {
                throw Failure($"The private key '{path}' does not belong to the certificate beside it; put back the pair that was made together.");
            }

            return new(name, peer.Certificate, peer.PublicKey, key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(file);
        }
    }

    /// <summary>Loads an identity without its private key.</summary>
    /// <param name="name">A complete name.</param>
    /// <exception cref="PlexusException">The certificate is missing, cannot be read, or has no RSA key.</exception>
    public Identity LoadPeer(IdentityName name) => Load(name, $"Import it with: plexus identity import {name} FILE --app-repo '{Path}'");

    /// <summary>Finds the identity a key belongs to.</summary>
    /// <param name="keyId">The 20 bytes of <see cref="Identity.KeyId"/>.</param>
    /// <param name="filter">Which names may match.</param>
    /// <returns>
    /// The identity without its private key; null when no certificate with this key passes the filter. A certificate
    /// added meanwhile is found within a second, a removed one is not found any more.
    /// </returns>
    public Identity? FindPeer(ReadOnlySpan<byte> keyId, IdentityName filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return _index.Find(keyId, filter);
    }

    /// <summary>Finds the identities whose certificate has a serial number, which proves nothing yet.</summary>
    /// <param name="serialNumber">Hexadecimal digits, as the certificate has them.</param>
    /// <param name="filter">Which names may match.</param>
    internal IReadOnlyList<Identity> FindPeersBySerialNumber(string serialNumber, IdentityName filter) =>
        _index.FindBySerialNumber(serialNumber, filter);

    /// <summary>Makes an identity: a new RSA key and a self-signed certificate of ten years.</summary>
    /// <param name="name">A complete name that nothing in the repository looks like.</param>
    /// <param name="keyBits">The size of the key, 2048 to 8192 bits in steps of 8. The default is 3072.</param>
    /// <param name="overwrite">Whether an identity of this name may be replaced; its key is then lost.</param>
    /// <returns>The identity with its private key.</returns>
    /// <exception cref="PlexusException">The name is not safe or is taken, or a file cannot be written; nothing was changed.</exception>
    public Identity Create(IdentityName name, int keyBits = IdentityCreation.DefaultKeyBits, bool overwrite = false) =>
        IdentityCreation.Create(Path, name, keyBits, overwrite, _clock.GetUtcNow());

    /// <summary>Takes the certificate of a peer into the repository.</summary>
    /// <param name="name">The complete name to give it.</param>
    /// <param name="certificate">The certificate in PEM or DER form.</param>
    /// <param name="overwrite">Whether the certificate of this name may be replaced.</param>
    /// <returns>The identity without a private key.</returns>
    /// <exception cref="PlexusException">
    /// The name is not safe, looks like another one or is taken; the file is no RSA certificate, holds a private key,
    /// has expired, or its key is known under another name. Nothing was changed.
    /// </exception>
    public Identity Import(IdentityName name, ReadOnlyMemory<byte> certificate, bool overwrite = false) =>
        IdentityImport.Import(Path, name, certificate.Span, overwrite, _clock.GetUtcNow());

    /// <summary>The certificate of an identity in PEM form, which may be handed around.</summary>
    /// <param name="name">A complete name.</param>
    /// <exception cref="PlexusException">The certificate is missing or cannot be read.</exception>
    public string Export(IdentityName name) => LoadPeer(name).Certificate.ExportCertificatePem() + "\n";

    /// <summary>Looks through the whole repository for what would fail or harm later.</summary>
    /// <returns>The findings, in the order of the folders; empty when all is well.</returns>
    /// <exception cref="PlexusException">The repository cannot be read.</exception>
    public IReadOnlyList<RepositoryFinding> Verify()
    {
        RequireFolder();
        try
        {
            return new RepositoryInspection(Path, _clock.GetUtcNow()).Inspect();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure($"The repository '{Path}' cannot be read: {FileFailure.ReasonOf(e, Path, isFolder: true)}.", e);
        }
    }

    private Identity Load(IdentityName name, string missing)
    {
        ArgumentNullException.ThrowIfNull(name);
        RequireFolder();
        if (!name.IsComplete) throw Failure($"'{name}' names no single identity; give both parts, owner/pin.");
        string path = RepositoryFolders.CertificatePath(Path, name);
        byte[] file = Read(path, missing);
        return CertificateFile.TryReadCertificate(file, out X509Certificate2? certificate, out RSA? key, out string problem)
            ? new(name, certificate, key)
            : throw Failure($"The certificate '{path}' {problem}; get it again from its owner and import it with --force.");
    }

    internal static PlexusException Failure(string message, Exception? cause = null) => new(PlexusStage.Identity, message, cause);

    private static byte[] Read(string path, string missing)
    {
        try
        {
            return CertificateFile.ReadSmall(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Failure($"There is no '{path}'. {missing}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure($"'{path}' cannot be read: {FileFailure.ReasonOf(e, path)}.", e);
        }
    }

    private void RequireFolder()
    {
        if (File.Exists(Path)) throw Failure($"The repository '{Path}' is a file; name the folder of the identities.");
        if (!Directory.Exists(Path)) throw Failure($"There is no repository '{Path}'. Make an identity in it with: plexus identity create OWNER/PIN --app-repo DIR");
    }
}
