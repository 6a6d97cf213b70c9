using Plexus.Identities;

namespace Plexus.Bench;

/// <summary>A repository of identities for one run, all with their keys.</summary>
internal sealed class TemporaryIdentities : IDisposable
{
    private const int KeyBits = 2_048; // Made in a moment; its size matters to the handshake only.

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("plexus-bench-");

    public TemporaryIdentities(params IdentityName[] names)
    {
        IdentityRepository repository = new(_folder.FullName);
        foreach (IdentityName name in names) repository.Create(name, KeyBits);
    }

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
