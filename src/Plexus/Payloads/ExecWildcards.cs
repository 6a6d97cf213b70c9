using System.Globalization;
using System.Text.RegularExpressions;
using Plexus.Passages;

namespace Plexus.Payloads;

/// <summary>Replaces %innerip% and its like by the values of a passage.</summary>
/// <remarks>
/// One pass from left to right over one argument that was cut out before. So a value can neither become several
/// arguments nor bring in a wildcard of its own: parts of it come from the peer.
/// </remarks>
internal static partial class ExecWildcards
{
    /// <summary>The wildcards, in the order of the manual. The mail pair has two spellings: the original's manual and the original itself.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "%innerip%", "%innerport%", "%outerip%", "%outerport%", "%peerip%", "%peerport%", "%secret%",
        "%hostpin%", "%peerpin%", "%hostemail%", "%hostmail%", "%peeremail%", "%peermail%",
    ];

    /// <summary>The text with the values in it; what is no wildcard stays as it is.</summary>
    public static string Expand(string text, PassageTicket ticket) =>
        Wildcard().Replace(text, match => Value(match.Value, ticket));

    /// <summary>Whether the text has a wildcard.</summary>
    public static bool AreIn(string text) => Wildcard().IsMatch(text);

    /// <summary>Whether the text asks for the secret, which other users of the machine can then read in the process list.</summary>
    public static bool MentionSecret(string text) => Wildcard().Matches(text).Any(match => match.Value == "%secret%");

    /// <summary>The same values for the environment of the command, where only its own user can read them.</summary>
    public static IReadOnlyDictionary<string, string> Environment(PassageTicket ticket) => new Dictionary<string, string>
    {
        ["PLEXUS_SECRET"] = Value("%secret%", ticket),
        ["PLEXUS_INNER_IP"] = Value("%innerip%", ticket),
        ["PLEXUS_INNER_PORT"] = Value("%innerport%", ticket),
        ["PLEXUS_OUTER_IP"] = Value("%outerip%", ticket),
        ["PLEXUS_OUTER_PORT"] = Value("%outerport%", ticket),
        ["PLEXUS_PEER_IP"] = Value("%peerip%", ticket),
        ["PLEXUS_PEER_PORT"] = Value("%peerport%", ticket),
        ["PLEXUS_HOST_PIN"] = Value("%hostpin%", ticket),
        ["PLEXUS_HOST_EMAIL"] = Value("%hostemail%", ticket),
        ["PLEXUS_PEER_PIN"] = Value("%peerpin%", ticket),
        ["PLEXUS_PEER_EMAIL"] = Value("%peeremail%", ticket),
    };

    private static string Value(string wildcard, PassageTicket ticket) => wildcard switch
    {
        "%innerip%" => ticket.Inner.Address.ToString(),
        "%innerport%" => Number(ticket.Inner.Port),
        "%outerip%" => ticket.Outer.Address.ToString(),
        "%outerport%" => Number(ticket.Outer.Port),
        "%peerip%" => ticket.PeerEndPoint.Address.ToString(),
        "%peerport%" => Number(ticket.PeerEndPoint.Port),
        "%secret%" => ticket.Secret.ToString(CultureInfo.InvariantCulture),
        "%hostpin%" => ticket.Host.Pin,
        "%peerpin%" => ticket.Peer.Pin,
        "%hostemail%" or "%hostmail%" => ticket.Host.Owner,
        "%peeremail%" or "%peermail%" => ticket.Peer.Owner,
        _ => wildcard,
    };

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("%(?:(?:inner|outer|peer)(?:ip|port)|secret|(?:host|peer)(?:pin|e?mail))%", RegexOptions.CultureInvariant)]
    private static partial Regex Wildcard();
}
