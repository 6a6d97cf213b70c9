namespace Plexus.EndToEnd.Fixtures;

/// <summary>What one launched <c>talk</c> of the reference peer wrote about its passage.</summary>
/// <param name="Outer">Its own endpoint, as it was told.</param>
/// <param name="Peer">The peer's, as it was told.</param>
/// <param name="Secret">The secret, as it was told.</param>
/// <param name="Heard">The pin that a datagram over the passage named; null when none came.</param>
/// <param name="IsDone">Both directions carried a datagram.</param>
internal sealed record TalkReport(string Outer, string Peer, string Secret, string? Heard, bool IsDone)
{
    /// <summary>Reads a log to which any number of talks was appended.</summary>
    public static TalkReport[] ReadAll(string log) =>
        [.. log.Split("inner ", StringSplitOptions.RemoveEmptyEntries).Select(Read)];

    private static TalkReport Read(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.TrimEntries);
        return new(Value("outer ") ?? "", Value("peer ") ?? "", Value("secret ") ?? "", Value("heard "), lines.Contains("done"));

        string? Value(string name) =>
            lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
    }
}
