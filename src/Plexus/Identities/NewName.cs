using System.Buffers;
using System.Globalization;
using System.Text;

namespace Plexus.Identities;

/// <summary>Decides whether a name may be given to an identity.</summary>
/// <remarks>
/// Stricter than reading, since a repository made by the original must stay usable while a new folder must mean the
/// same on every system and must not be taken for another one.
/// </remarks>
internal static class NewName
{
    // Windows takes these for devices, whatever follows after a dot.
    private static readonly HashSet<string> Devices = new(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. Enumerable.Range(0, 10).SelectMany(n => new[] { $"COM{n}", $"LPT{n}" })],
        StringComparer.OrdinalIgnoreCase);

    private static readonly SearchValues<char> Forbidden = SearchValues.Create("<>:\"|?*");

    /// <exception cref="PlexusException">The name may not be given, and why.</exception>
    public static void Require(string repository, IdentityName name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!name.IsComplete) throw Refusal(name, "both parts are needed, owner/pin");
        foreach (string part in (string[])[name.Owner, name.Pin])
        {
            if (part[0] == '.') throw Refusal(name, $"'{part}' begins with a dot, so its folder would be hidden");
            if (part[0] == '-') throw Refusal(name, $"'{part}' begins with a dash, so programs would take it for an option");
            if (part[^1] == '.') throw Refusal(name, $"'{part}' ends with a dot, which Windows drops");
            if (part.AsSpan().ContainsAny(Forbidden)) throw Refusal(name, $"'{part}' has a character that Windows does not allow in folders (< > : \" | ? *)");
            if (part.EnumerateRunes().Any(IsUnseen)) throw Refusal(name, "it has a character that cannot be seen or has no meaning");
            if (Devices.Contains(part.Split('.')[0])) throw Refusal(name, $"'{part}' is the name of a device on Windows");
        }

        foreach (IdentityName other in RepositoryFolders.List(repository))
        {
            if (LookAlikes.Confusable(other.Owner, name.Owner) || (other.Owner == name.Owner && LookAlikes.Confusable(other.Pin, name.Pin)))
            {
                throw Refusal(name, $"it looks like '{other}', which is there already; choose a name that nobody can mistake");
            }
        }
    }

    private static bool IsUnseen(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    private static PlexusException Refusal(IdentityName name, string reason) =>
        IdentityRepository.Failure($"An identity cannot be called '{name}': {reason}.");
}
