using Plexus.Identities;

namespace Plexus.App.Commands;

/// <summary>What the identity commands tell of one identity, in JSON under these names.</summary>
internal sealed record IdentityFacts(
    string Name,
    bool HasPrivateKey,
    string? Fingerprint,
    string? DhtId,
    int? KeyBits,
    DateTimeOffset? ValidFrom,
    DateTimeOffset? Expires,
    string? Problem)
{
    public static IdentityFacts Of(Identity identity, bool hasPrivateKey) => new(
        identity.Name.ToString(),
        hasPrivateKey,
        identity.Fingerprint,
        identity.KeyIdText,
        identity.KeyBits,
        identity.ValidFrom,
        identity.Expires,
        Problem: null);
}
