using System.Text.Json;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>Captures and values of the reference implementation; TestData/opendht/README.md tells their origin.</summary>
internal static class Vectors
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "TestData", "opendht");

    public static IReadOnlyList<string> Captures { get; } =
    [
        "opendht-basic.jsonl", "plexus_3.2.3.jsonl", "plexus_3.2.3_dhtnode_2.4.12.jsonl", "plexus_3.4.1_any.jsonl",
        "plexus_3.4.1_relay.jsonl", "plexus_3.4.1_udp.jsonl", "runner_drive.jsonl",
    ];

    public static IEnumerable<JsonElement> Lines(string file) =>
        File.ReadLines(Path.Combine(Folder, file)).Select(static line => JsonDocument.Parse(line).RootElement);

    public static JsonElement Document(string file) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, file))).RootElement;

    public static string Text(string file) => File.ReadAllText(Path.Combine(Folder, file));

    /// <summary>A line of opendht-basic.jsonl by its name.</summary>
    public static JsonElement Basic(string name) =>
        Lines("opendht-basic.jsonl").Single(line => line.GetProperty("name").GetString() == name);

    public static byte[] Hex(this JsonElement element, string property = "hex") =>
        Convert.FromHexString(element.GetProperty(property).GetString()!);

    /// <summary>The datagrams of a capture, in the order of time.</summary>
    public static IEnumerable<JsonElement> Packets(string file) => Lines(file).Where(static line =>
        line.TryGetProperty("decoded", out _) && (!line.TryGetProperty("kind", out JsonElement kind) || kind.GetString() != "data"));

    /// <summary>Every distinct datagram of all captures.</summary>
    public static IEnumerable<byte[]> AllDatagrams() =>
        Captures.SelectMany(Packets).Select(static p => p.Hex()).DistinctBy(Convert.ToHexString);
}
