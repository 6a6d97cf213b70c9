using System.Text;

namespace Plexus.Payloads;

/// <summary>Cuts an argument line into arguments, without a shell; docs/exec.md.</summary>
/// <remarks>
/// Blanks and tabs part arguments. A quote, ' or ", holds text together up to the next quote of its kind, also in the
/// middle of an argument. A backslash makes a quote, a blank, a tab or a backslash ordinary, inside quotes too, and \n
/// is a line end; before anything else it is a character like others, so Windows paths pass. There is no text it refuses.
/// </remarks>
internal static class CommandLineTokens
{
    private const char Escape = '\\';

    /// <summary>The arguments, in their order.</summary>
    public static IReadOnlyList<string> Split(string line)
    {
        List<string> tokens = [];
        StringBuilder token = new();
        bool begun = false; // A token may be begun and empty: "" is an argument.
        char quote = '\0';
        for (int at = 0; at < line.Length; at++)
        {
            char c = line[at];
            bool blank = c is ' ' or '\t';
            if (blank && quote == '\0')
            {
                if (begun) tokens.Add(token.ToString());
                token.Clear();
                begun = false;
                continue;
            }

            begun = true;
            if (c is '\'' or '"' && (quote == '\0' || quote == c)) quote = quote == '\0' ? c : '\0';
            else if (c == Escape && at + 1 < line.Length && Unescape(line[at + 1]) is { } meant)
            {
                token.Append(meant);
                at++;
            }
            else token.Append(c);
        }

        if (begun) tokens.Add(token.ToString());
        return tokens;
    }

    private static char? Unescape(char c) => c switch
    {
        'n' => '\n',
        '\'' or '"' or ' ' or '\t' or Escape => c,
        _ => null,
    };
}
