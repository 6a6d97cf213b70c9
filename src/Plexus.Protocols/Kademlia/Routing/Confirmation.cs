namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>How sure it is that a node exists.</summary>
internal enum Confirmation
{
    /// <summary>Another node told of it.</summary>
    Told,

    /// <summary>It sent a message, which anybody may forge.</summary>
    Heard,

    /// <summary>It answered a request of ours, from where we asked it.</summary>
    Replied,
}
