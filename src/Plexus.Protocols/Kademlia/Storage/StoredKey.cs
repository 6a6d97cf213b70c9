namespace Plexus.Protocols.Kademlia.Storage;

/// <summary>What this node keeps under one key.</summary>
internal sealed class StoredKey(InfoHash key)
{
    public InfoHash Key { get; } = key;

    public List<StoredValue> Values { get; } = new(1); // Most keys hold one.

    public List<StoredListener> Listeners { get; } = [];

    public StoredValue? Find(ulong id) => Values.Find(stored => stored.Value.Id == id);
}
