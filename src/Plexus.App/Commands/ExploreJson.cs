using System.Text.Json.Serialization;

namespace Plexus.App.Commands;

/// <summary>The JSON of <c>plexus explore</c>, generated at compile time.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ExploreFacts))]
internal sealed partial class ExploreJson : JsonSerializerContext;
