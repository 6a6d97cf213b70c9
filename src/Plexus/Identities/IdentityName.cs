using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Plexus.Identities;

/// <summary>The name of an identity, <c>owner/pin</c>, or a filter over names when a part is empty.</summary>
/// <remarks>
/// The owner is an e-mail address where the e-mail rendezvous is used and any word elsewhere; the pin names one of the
/// owner's machines. As a filter <c>/</c> covers every name, <c>owner/</c> every pin of an owner, <c>/pin</c> that pin
/// of any owner. Both parts are names of folders, so nothing that means something else to a file system is let in.
/// </remarks>
public sealed record IdentityName
{
    private const int LongestPart = 255; // Bytes or characters: the limit of a file name on every common system.
    private const char Slash = '/';

    /// <summary>Makes a name, or a filter when a part is empty.</summary>
    /// <param name="owner">The first part.</param>
    /// <param name="pin">The second part.</param>
    /// <exception cref="ArgumentException">A part that no folder of a repository may have.</exception>
    public IdentityName(string owner, string pin)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(pin);
        if (!IsPart(owner) || !IsPart(pin)) throw new ArgumentException($"'{owner}/{pin}' is not an identity; allowed is {Form}.");
        (Owner, Pin) = (owner, pin);
    }

    /// <summary>The filter <c>/</c>, which covers every name.</summary>
    public static IdentityName Any { get; } = new("", "");

    /// <summary>What a name must look like, for error messages.</summary>
    internal static string Form => "owner/pin: exactly one '/', no blanks, control characters or backslashes, no '.' or '..' as a part";

    /// <summary>The first part; empty in a filter over owners.</summary>
    public string Owner { get; }

    /// <summary>The second part; empty in a filter over pins.</summary>
    public string Pin { get; }

    /// <summary>Whether both parts are there, so that this names one identity.</summary>
    public bool IsComplete => Owner.Length > 0 && Pin.Length > 0;

    /// <summary>Reads <c>owner/pin</c>, where either part may be empty.</summary>
    /// <param name="text">The text of an option or a folder.</param>
    /// <param name="name">The name, or null.</param>
    /// <returns>False when the text has not exactly one slash, or a part no folder of a repository may have.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out IdentityName? name)
    {
        name = null;
        int slash = text?.IndexOf(Slash, StringComparison.Ordinal) ?? -1;
        return slash >= 0 && TryMake(text![..slash], text[(slash + 1)..], out name);
    }

    /// <summary>Reads <c>owner/pin</c>, where either part may be empty.</summary>
    /// <param name="text">The text to read.</param>
    /// <exception cref="FormatException">The text is no name and no filter.</exception>
    public static IdentityName Parse(string text) =>
        TryParse(text, out IdentityName? name) ? name : throw new FormatException($"'{text}' is not an identity; allowed is {Form}.");

    /// <summary>Whether this, as a filter, lets a name pass.</summary>
    /// <param name="name">A complete name.</param>
    public bool Covers(IdentityName name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return (Owner.Length == 0 || Owner == name.Owner) && (Pin.Length == 0 || Pin == name.Pin);
    }

    /// <summary>The text <c>owner/pin</c>.</summary>
    public override string ToString() => $"{Owner}{Slash}{Pin}";

    internal static bool TryMake(string owner, string pin, [NotNullWhen(true)] out IdentityName? name)
    {
        name = IsPart(owner) && IsPart(pin) ? new(owner, pin) : null;
        return name is not null;
    }

    private static bool IsPart(string part) =>
        part.Length <= LongestPart && part is not ("." or "..")
        && !part.Any(c => c is Slash or '\\' || char.IsWhiteSpace(c) || char.IsControl(c))
        && part.EnumerateRunes().All(rune => rune != Rune.ReplacementChar); // Half a surrogate pair, or a broken file name.
}
