using System.Net;
using System.Text.Json;

namespace Plexus.Protocols.Tests.Stun;

/// <summary>Exchanges of the original program with coturn 4.6.1, captured on a line with and without NAT.</summary>
internal sealed record StunCapture(string Name, IReadOnlyList<StunCapture.Message> Messages)
{
    public static IReadOnlyList<StunCapture> All { get; } =
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "TestData", "stun"), "*.jsonl").Order().Select(Read)];

    private static StunCapture Read(string file) => new(
        Path.GetFileNameWithoutExtension(file),
        [.. File.ReadLines(file).Select(l => JsonDocument.Parse(l).RootElement).Where(e => e.TryGetProperty("hex", out _)).Select(Read)]);

    private static Message Read(JsonElement e) => new(
        IPEndPoint.Parse(e.GetProperty("src").GetString()!),
        IPEndPoint.Parse(e.GetProperty("dst").GetString()!),
        e.GetProperty("type").GetString()!,
        Convert.FromHexString(e.GetProperty("hex").GetString()!),
        [.. e.GetProperty("attributes").EnumerateArray().Select(a => (
            a.GetProperty("name").GetString()!,
            a.TryGetProperty("value", out JsonElement value) ? value.GetString() : null))]);

    internal sealed record Message(
        IPEndPoint From, IPEndPoint To, string Type, byte[] Bytes, IReadOnlyList<(string Name, string? Value)> Attributes)
    {
        public string? this[string attribute] => Attributes.FirstOrDefault(a => a.Name == attribute).Value;
    }
}
