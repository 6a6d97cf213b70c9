using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Plexus.Identities;

/// <summary>Finds names that a person takes for one another.</summary>
/// <remarks>
/// Two names look alike when they are equal after removing case, accents, invisible characters and trailing dots, and
/// after replacing characters by the plain letter they resemble. The list below holds what Unicode's compatibility
/// folding (NFKC) maps to one ASCII letter or digit, and the letters of Cyrillic, Greek and Armenian that most fonts
/// draw alike. It is not all of Unicode's confusables (UTS 39), so a name outside ASCII deserves a warning anyway.
/// The program carries no Unicode library, which is why it brings its own list.
/// </remarks>
internal static class LookAlikes
{
    private const int FullWidthFirst = 0xFF01; // Full-width '!' to '~' follow the order of ASCII.
    private const int FullWidthLast = 0xFF5E;
    private const int MathLettersFirst = 0x1D400; // Thirteen styles of A-Z and a-z, one after the other.
    private const int MathLettersLast = 0x1D6A3;
    private const int MathDigitsFirst = 0x1D7CE; // Five styles of 0-9.
    private const int MathDigitsLast = 0x1D7FF;
    private const int LettersOfStyle = 52;

    // First the plain character, then those that look like it.
    private static readonly FrozenDictionary<int, char> Plain = ((string[])
    [
        "+⁺₊﬩﹢",
        "-﹣‐‑‒–—―−",
        ".․﹒。",
        "0⁰₀⓪",
        "1¹₁①",
        "2²₂②",
        "3³₃③зӡ",
        "4⁴₄④",
        "5⁵₅⑤",
        "6⁶₆⑥",
        "7⁷₇⑦",
        "8⁸₈⑧",
        "9⁹₉⑨",
        "@﹫",
        "_︳︴﹍﹎﹏",
        "aªàáâãäåāăąǎǟǡǻȁȃȧᴬᵃḁạảấầẩẫậắằẳẵặₐⓐаα",
        "bᴮᵇḃḅḇℬⓑвь",
        "cçćĉċčᶜḉℂℭⅽⓒꟲсϲ",
        "dďᴰᵈḋḍḏḑḓⅅⅆⅾⓓԁ",
        "eèéêëēĕėęěȅȇȩᴱᵉḕḗḙḛḝẹẻẽếềểễệₑℯℰⅇⓔеҽ",
        "fᶠḟℱⓕꟳ",
        "gĝğġģǧǵᴳᵍḡℊⓖɡց",
        "hĥȟʰᴴḣḥḧḩḫẖₕℋℌℍℎⓗһн",
        "iìíîïĩīĭįİǐȉȋᴵᵢḭḯỉịⁱℐℑℹⅈⅰⓘіιıɩ",
        "jĵǰʲᴶⅉⓙⱼјϳ",
        "kķǩᴷᵏḱḳḵₖKⓚкκ",
        "lĺļľˡᴸḷḹḻḽₗℒℓⅼⓛӏ",
        "mᴹᵐḿṁṃₘℳⅿⓜм",
        "nñńņňǹᴺṅṇṉṋⁿₙℕⓝոη",
        "oºòóôõöōŏőơǒǫǭȍȏȫȭȯȱᴼᵒṍṏṑṓọỏốồổỗộớờởỡợₒℴⓞоοօσøﮦ",
        "pᴾᵖṕṗₚℙⓟрρ",
        "qℚⓠꟴԛզ",
        "rŕŗřȑȓʳᴿᵣṙṛṝṟℛℜℝⓡг",
        "sśŝşšſșˢṡṣṥṧṩẛₛⓢѕ",
        "tţťțᵀᵗṫṭṯṱẗₜⓣтτ",
        "uùúûüũūŭůűųưǔǖǘǚǜȕȗᵁᵘᵤṳṵṷṹṻụủứừửữựⓤυսʋ",
        "vᵛᵥṽṿⅴⓥⱽѵν",
        "wŵʷᵂẁẃẅẇẉẘⓦԝա",
        "xˣẋẍₓⅹⓧхχ",
        "yýÿŷȳʸẏẙỳỵỷỹⓨуγү",
        "zźżžᶻẑẓẕℤℨⓩᴢ",
    ]).SelectMany(row => row.Skip(1).Select(c => (From: (int)c, To: row[0]))).DistinctBy(pair => pair.From)
        .ToFrozenDictionary(pair => pair.From, pair => pair.To);

    /// <summary>Whether a text is plain ASCII, where looks do not deceive beyond case.</summary>
    public static bool IsPlain(string text) => Ascii.IsValid(text);

    /// <summary>Whether two different texts look alike.</summary>
    public static bool Confusable(string left, string right) =>
        !string.Equals(left, right, StringComparison.Ordinal) && Skeleton(left) == Skeleton(right);

    /// <summary>The plain form of a text; equal for all texts that look alike.</summary>
    public static string Skeleton(string text)
    {
        StringBuilder plain = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format) continue;
            Rune lower = Rune.ToLowerInvariant(Unstyled(rune));
            if (Plain.TryGetValue(lower.Value, out char letter)) plain.Append(letter);
            else plain.Append(lower.ToString());
        }

        return plain.ToString().TrimEnd('.', ' ');
    }

    private static Rune Unstyled(Rune rune) => rune.Value switch
    {
        >= FullWidthFirst and <= FullWidthLast => new(rune.Value - FullWidthFirst + '!'),
        >= MathLettersFirst and <= MathLettersLast => new('a' + (rune.Value - MathLettersFirst) % LettersOfStyle % 26),
        >= MathDigitsFirst and <= MathDigitsLast => new('0' + (rune.Value - MathDigitsFirst) % 10),
        _ => rune,
    };
}
