namespace Plexus.Protocols.Kademlia;

/// <summary>What has happened to an operation.</summary>
internal enum KademliaEventKind
{
    /// <summary>A value was found or pushed. If it is signed, the signature is right; whose it is, the application judges.</summary>
    Value,

    /// <summary>The last node that had told of a value told that it ended.</summary>
    Expired,

    /// <summary>Fields of a value, for a query that selects.</summary>
    Fields,

    /// <summary>A put was acknowledged, a listen registered, or a get answered, for the first time.</summary>
    Begun,

    /// <summary>A get has all answers, or a put all acknowledgements. A permanent put goes on behind it.</summary>
    Complete,

    /// <summary>A put has ended without completing: its value's life is over, or another put has taken its place.</summary>
    Ended,

    /// <summary>No node could be reached. A get ends with it; a put or listen goes on when one can.</summary>
    Unreachable,
}
