namespace Plexus.Protocols.Introductions;

/// <summary>What stands where an introduction's extension may stand.</summary>
internal enum ExtensionReading
{
    /// <summary>Nothing, or an object of somebody else's: the original wrote it.</summary>
    Absent,

    /// <summary>An extension.</summary>
    Readable,

    /// <summary>A map that breaks the rules. No release writes such a one.</summary>
    Malformed,

    /// <summary>An extension of a later major version, whose meaning is not known here.</summary>
    Newer,
}
