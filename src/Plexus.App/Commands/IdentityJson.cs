using System.Text.Json.Serialization;
using Plexus.Identities;

namespace Plexus.App.Commands;

/// <summary>The JSON of the identity commands, generated at compile time.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(IdentityFacts))]
[JsonSerializable(typeof(IReadOnlyList<IdentityFacts>))]
[JsonSerializable(typeof(IReadOnlyList<RepositoryFinding>))]
internal sealed partial class IdentityJson : JsonSerializerContext;
