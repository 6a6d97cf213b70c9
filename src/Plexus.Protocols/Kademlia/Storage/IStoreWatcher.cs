using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Storage;

/// <summary>Hears what happens to stored values, to push it.</summary>
internal interface IStoreWatcher
{
    /// <summary>A value is new, or was replaced by this one.</summary>
    void OnStored(StoredKey key, DhtValue value, Instant now);

    /// <summary>Somebody confirmed the value with this id, which may not be stored here.</summary>
    void OnRefreshed(StoredKey key, ulong id, Instant now);

    /// <summary>A value ended, or had to make room.</summary>
    void OnRemoved(StoredKey key, ulong id, Instant now);
}
