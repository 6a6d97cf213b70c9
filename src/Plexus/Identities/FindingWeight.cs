namespace Plexus.Identities;

/// <summary>How much a finding matters.</summary>
public enum FindingWeight
{
    /// <summary>It works, and should be looked at.</summary>
    Warning,

    /// <summary>It does not work, or is not safe.</summary>
    Error,
}
