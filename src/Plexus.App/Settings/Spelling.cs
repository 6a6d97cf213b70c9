namespace Plexus.App.Settings;

/// <summary>Guesses what somebody meant.</summary>
internal static class Spelling
{
    private const int FarthestGuess = 3; // More changed letters than that is another word.

    // Names that other releases gave to the same things.
    private static readonly Dictionary<string, string> OtherReleases = new()
    {
        ["app-name"] = "app-id",
        ["host-id"] = "host-info",
        ["peer-id"] = "peer-info",
        ["udp-bind"] = "stun-client",
        ["udp-stun"] = "stun-server",
        ["nat-hops"] = "punch-hops",
        ["exec-cmd"] = "exec-command",
    };

    /// <summary>The known word nearest to a text; null when none is near.</summary>
    public static string? Nearest(string text, IEnumerable<string> words)
    {
        if (OtherReleases.TryGetValue(text, out string? renamed)) return renamed;
        (string word, int distance) = words.Select(word => (word, Distance(text, word))).MinBy(pair => pair.Item2);
        return distance <= Math.Min(FarthestGuess, text.Length / 2) ? word : null;
    }

    /// <summary>How many letters must be added, removed or replaced (Levenshtein).</summary>
    private static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
