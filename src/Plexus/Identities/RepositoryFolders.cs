namespace Plexus.Identities;

/// <summary>Where things lie in a repository: <c>repository/owner/pin/cert.crt</c> and its neighbours.</summary>
internal static class RepositoryFolders
{
    public static string Folder(string repository, IdentityName name) => Path.Combine(repository, name.Owner, name.Pin);

    public static string CertificatePath(string repository, IdentityName name) =>
        Path.Combine(Folder(repository, name), CertificateFile.CertificateName);

    public static string PrivateKeyPath(string repository, IdentityName name) =>
        Path.Combine(Folder(repository, name), CertificateFile.PrivateKeyName);

    /// <summary>The names of all folders in the second level, in the order of their text. Unreadable folders are empty.</summary>
    public static IEnumerable<IdentityName> List(string repository)
    {
        foreach (string owner in Names(repository))
        {
            foreach (string pin in Names(Path.Combine(repository, owner)))
            {
                if (IdentityName.TryMake(owner, pin, out IdentityName? name) && name.IsComplete) yield return name;
            }
        }
    }

    private static string[] Names(string folder)
    {
        try
        {
            string[] names = [.. Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path))];
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
