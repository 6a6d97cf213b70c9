namespace Plexus.Protocols.Kademlia.Searching;

/// <summary>What a value is to an application that has been told of others.</summary>
internal enum Novelty
{
    /// <summary>It has been told.</summary>
    Known,

    /// <summary>It is new, and from now on known.</summary>
    New,

    /// <summary>There is no room to remember it, so nobody can say whether it was told.</summary>
    Unremembered,
}
