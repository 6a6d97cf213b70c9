using System.Collections.Concurrent;
using Plexus.Identities;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>Identities by name. Each key is made once a run, for making one takes a while.</summary>
internal static class TestIdentities
{
    private static readonly Lazy<DirectoryInfo> Store = new(() =>
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("plexus-e2e-keys-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Delete(recursive: true);
        return folder;
    });

    private static readonly ConcurrentDictionary<string, Lazy<IdentityRepository>> Made = new();

    /// <summary>Puts the identity with its private key into a repository.</summary>
    public static void Give(string repository, string name, int? keyBits = null)
    {
        string from = Path.Combine(Of(name, keyBits).Path, name), to = Path.Combine(repository, name);
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    /// <summary>Puts the identity's certificate into a repository.</summary>
    public static void Introduce(string repository, string name)
    {
        string certificate = Path.Combine(repository, name, "cert.crt");
        Directory.CreateDirectory(Path.GetDirectoryName(certificate)!);
        File.Copy(Path.Combine(Of(name).Path, name, "cert.crt"), certificate, overwrite: true);
    }

    private static IdentityRepository Of(string name, int? keyBits = null) => Made.GetOrAdd(name, _ => new(() =>
    {
        IdentityRepository repository = new(Store.Value.FullName);
        if (!repository.List().Any(known => known.ToString() == name))
            repository.Create(IdentityName.Parse(name), keyBits ?? IdentityCreation.SmallestKeyBits);
        return repository;
    })).Value;
}
