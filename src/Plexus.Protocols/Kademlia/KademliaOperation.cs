namespace Plexus.Protocols.Kademlia;

/// <summary>Something the application wants done for one key. Its results come by <see cref="KademliaNode.TryTakeEvent"/>.</summary>
internal abstract class KademliaOperation(InfoHash key)
{
    public InfoHash Key { get; } = key;

    /// <summary>It has come to its end, or was cancelled: no more events follow.</summary>
    public bool IsFinished { get; internal set; }

    /// <summary>For the application's own use.</summary>
    public object? Tag { get; set; }
}
