namespace Plexus.Identities;

/// <summary>Something in a repository that is not as it should be.</summary>
/// <param name="Weight">How much it matters.</param>
/// <param name="Path">The file or folder.</param>
/// <param name="Problem">What is wrong, in one sentence.</param>
/// <param name="Mend">What the user can do, in one sentence.</param>
public sealed record RepositoryFinding(FindingWeight Weight, string Path, string Problem, string Mend);
