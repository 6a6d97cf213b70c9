namespace Plexus.Identities;

/// <summary>The name of an identity: <c>owner/pin</c>, as its folders in the repository are called.</summary>
/// <param name="Owner">The first part, an e-mail address by custom.</param>
/// <param name="Pin">The second part, which tells one owner's machines apart.</param>
public sealed record IdentityName(string Owner, string Pin)
{
    /// <summary>The text form, <c>owner/pin</c>.</summary>
    public override string ToString() => $"{Owner}/{Pin}";
}
