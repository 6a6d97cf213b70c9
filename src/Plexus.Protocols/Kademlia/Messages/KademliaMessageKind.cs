namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>What a message is, judged by the keys that are present.</summary>
internal enum KademliaMessageKind
{
    Request,

    /// <summary>A reply, or a legacy push of values, which looks the same.</summary>
    Reply,
    Error,

    /// <summary>Pieces of values that an earlier message announced.</summary>
    Part,

    /// <summary>A push of refreshed or expired ids to a listener of version 0.</summary>
    LegacyPush,
}
