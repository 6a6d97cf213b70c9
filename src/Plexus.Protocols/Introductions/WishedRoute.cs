namespace Plexus.Protocols.Introductions;

/// <summary>Whether a side wants to go over a relay; the numbers are those of the original's files, and readers take them as text, too.</summary>
internal enum WishedRoute
{
    Direct = 0,
    Bridge = 1,
    Either = 2,
}
