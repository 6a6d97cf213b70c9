using System.Text.Json.Serialization;

namespace Plexus.App.Commands;

/// <summary>The JSON of the DHT commands, one object a line, generated at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DhtFacts))]
[JsonSerializable(typeof(DhtPingFacts))]
internal sealed partial class DhtJson : JsonSerializerContext;
