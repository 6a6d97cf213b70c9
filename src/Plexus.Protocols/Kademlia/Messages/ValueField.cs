namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>A property of values that queries select or compare, by its number on the wire.</summary>
internal enum ValueField : byte
{
    Id = 1,
    Type = 2,

    /// <summary>The id of the owner's key in conditions; the key itself in replies.</summary>
    Owner = 3,

    /// <summary>Can be selected, not compared.</summary>
    Sequence = 4,
    UserType = 5,
}
