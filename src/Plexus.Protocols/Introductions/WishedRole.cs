namespace Plexus.Protocols.Introductions;

/// <summary>The part that a side wishes to play in the connection; the numbers are those of the original's files.</summary>
internal enum WishedRole
{
    Either = 0,
    Client = 1,
    Server = 2,
    Mutual = 3,
}
