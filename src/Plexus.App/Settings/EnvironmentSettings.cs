using System.Globalization;

namespace Plexus.App.Settings;

/// <summary>What the environment variables of the original change; docs/command-line.md.</summary>
/// <remarks>A wrong value is told in the log, and the default counts: variables are often set for other programs too.</remarks>
internal sealed record EnvironmentSettings
{
    private const int LeastTime = 1_000; // One second and one hour, in milliseconds: outside, nothing useful can happen.
    private const int MostTime = 3_600_000;

    /// <summary>PLEXUS_HANDSHAKE_TIMEOUT, milliseconds: the whole punching.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>PLEXUS_RESPONSE_TIMEOUT, milliseconds: the wait for an answer to an invitation.</summary>
    public TimeSpan Response { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>PLEXUS_DHT_AWAIT_TIMEOUT, milliseconds: until the DHT has taken a value.</summary>
    public TimeSpan DhtPut { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>PLEXUS_EMAIL_MIN_POLLING_TIMEOUT, milliseconds: the longest pause between two looks for an answer by e-mail.</summary>
    public TimeSpan EmailAnswerPoll { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>PLEXUS_EMAIL_MAX_POLLING_TIMEOUT, milliseconds: the longest pause between two looks for invitations by e-mail.</summary>
    public TimeSpan EmailInvitationPoll { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>PLEXUS_INVITE_TOKEN: the subject of invitations.</summary>
    public string InviteToken { get; init; } = "invite";

    /// <summary>PLEXUS_ACCEPT_TOKEN: the subject of answers.</summary>
    public string AcceptToken { get; init; } = "accept";

    /// <summary>PLEXUS_ADVENT_TOKEN: the subject of advents.</summary>
    public string AdventToken { get; init; } = "advent";

    /// <summary>What was wrong, a sentence each, for the log.</summary>
    public IReadOnlyList<string> Complaints { get; init; } = [];

    /// <param name="read">Gives a variable's text, or null.</param>
    public static EnvironmentSettings Read(Func<string, string?> read)
    {
        List<string> complaints = [];
        EnvironmentSettings defaults = new();
        EnvironmentSettings settings = new()
        {
            Handshake = Time("PLEXUS_HANDSHAKE_TIMEOUT", defaults.Handshake),
            Response = Time("PLEXUS_RESPONSE_TIMEOUT", defaults.Response),
            DhtPut = Time("PLEXUS_DHT_AWAIT_TIMEOUT", defaults.DhtPut),
            EmailAnswerPoll = Time("PLEXUS_EMAIL_MIN_POLLING_TIMEOUT", defaults.EmailAnswerPoll),
            EmailInvitationPoll = Time("PLEXUS_EMAIL_MAX_POLLING_TIMEOUT", defaults.EmailInvitationPoll),
            InviteToken = Token("PLEXUS_INVITE_TOKEN", defaults.InviteToken),
            AcceptToken = Token("PLEXUS_ACCEPT_TOKEN", defaults.AcceptToken),
            AdventToken = Token("PLEXUS_ADVENT_TOKEN", defaults.AdventToken),
        };
        string[] tokens = [settings.InviteToken, settings.AcceptToken, settings.AdventToken];
        if (tokens.Distinct().Count() < tokens.Length)
        {
            complaints.Add($"Two of the tokens {string.Join(", ", tokens)} are the same; all three defaults are used.");
            settings = settings with { InviteToken = defaults.InviteToken, AcceptToken = defaults.AcceptToken, AdventToken = defaults.AdventToken };
        }

        return settings with { Complaints = complaints };

        TimeSpan Time(string name, TimeSpan otherwise)
        {
            if (read(name) is not { Length: > 0 } text) return otherwise;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value is >= LeastTime and <= MostTime)
            {
                return TimeSpan.FromMilliseconds(value);
            }

            complaints.Add($"{name}: '{text}' is not allowed; allowed are {LeastTime} to {MostTime} milliseconds. {otherwise.TotalMilliseconds} is used.");
            return otherwise;
        }

        string Token(string name, string otherwise)
        {
            if (read(name) is not { Length: > 0 } text) return otherwise;
            if (!text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))) return text;
            complaints.Add($"{name}: '{text}' is not allowed; allowed is one word. {otherwise} is used.");
            return otherwise;
        }
    }
}
