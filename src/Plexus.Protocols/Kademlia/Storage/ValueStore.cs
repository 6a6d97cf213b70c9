using System.Net;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Storage;

/// <summary>The values and listeners that this node keeps for the network, and what it put itself.</summary>
/// <remarks>
/// docs/protocols/opendht-node.md, "Serving". Bounded by total size, with the greatest user losing first what would
/// end first; by values per key, likewise; and by listeners, in all and for each address. Whether a value is
/// acceptable at all is decided by <see cref="StoragePolicy"/> before it comes here.
/// </remarks>
internal sealed class ValueStore(KademliaOptions options, Agenda agenda, NodeTable nodes)
{
    private static readonly Comparer<AddressUsage> ByBytes = Comparer<AddressUsage>.Create(
        (left, right) => left.Bytes != right.Bytes ? left.Bytes.CompareTo(right.Bytes) : Compare(left.Address, right.Address));

    private readonly Dictionary<InfoHash, StoredKey> _keys = [];
    private readonly Dictionary<AddressGroup, AddressUsage> _usages = [];
    private readonly SortedSet<AddressUsage> _usagesByBytes = new(ByBytes);
    private readonly Dictionary<AddressGroup, List<StoredListener>> _listeners = []; // each list oldest renewal first
    private long _serial;

    /// <summary>Hears of every change. Set once, before use.</summary>
    public IStoreWatcher? Watcher { get; set; }

    public int KeyCount => _keys.Count;

    /// <summary>What others' values take, in bytes.</summary>
    public long Bytes { get; private set; }

    public int ValueCount { get; private set; }

    public int ListenerCount { get; private set; }

    public StoredKey? Find(InfoHash key) => _keys.GetValueOrDefault(key);

    /// <summary>Keeps a value, in place of one with the same id.</summary>
    /// <param name="putter">Whose account it goes to; null for our own, which has no limit.</param>
    /// <returns>False when it has ended already or finds no room.</returns>
    public bool Store(InfoHash key, DhtValue value, Instant expires, IPAddress? putter, Instant now)
    {
        if (expires <= now) return false;
        StoredKey? entry = Find(key);
        AddressGroup? account = putter is null ? null : AddressGroup.Of(putter);
        if (entry?.Find(value.Id) is { } stored)
        {
            Uncharge(stored);
            stored.Value = value;
            stored.Expires = expires;
            stored.Usage = account is { } mover ? UsageOf(mover) : null;
            Charge(stored);
            agenda.Set(stored, expires);
        }
        else
        {
            if (entry is not null && entry.Values.Count >= options.MaxValuesPerKey && !MakeRoom(entry, account, now)) return false;
            if (Find(key) is not { } current) _keys.Add(key, current = new StoredKey(key));
            entry = current;
            stored = new StoredValue(this, entry, value, account is { } user ? UsageOf(user) : null, expires, ++_serial);
            entry.Values.Add(stored);
            ValueCount++;
            Charge(stored);
            agenda.Set(stored, expires);
        }

        Watcher?.OnStored(entry, value, now);
        while (Bytes > options.StorageLimit && _usagesByBytes.Max?.First is { } victim) Remove(victim, now);
        return true;
    }

    /// <summary>Prolongs a value's life. False when nothing at all is stored under the key.</summary>
    public bool Refresh(InfoHash key, ulong id, Instant now)
    {
        if (Find(key) is not { } entry) return false;
        Watcher?.OnRefreshed(entry, id, now);
        if (entry.Find(id) is not { } stored) return true;
        Instant expires = now + StoragePolicy.Lifetime(stored.Value.Type);
        if (expires <= stored.Expires) return true;
        Uncharge(stored);
        stored.Expires = expires;
        Charge(stored);
        agenda.Set(stored, expires);
        return true;
    }

    public void Remove(StoredValue stored, Instant now)
    {
        if (!stored.Key.Values.Remove(stored)) return;
        ValueCount--;
        agenda.Remove(stored);
        Uncharge(stored);
        Watcher?.OnRemoved(stored.Key, stored.Value.Id, now);
        RemoveIfEmpty(stored.Key);
    }

    /// <summary>Registers a listener, or renews it; null when there is no room.</summary>
    /// <param name="isNew">The values that exist are to be pushed.</param>
    public StoredListener? Listen(InfoHash key, RemoteNode node, uint socketId, Instant now, out bool isNew)
    {
        StoredKey? entry = Find(key);
        StoredListener? listener = entry?.Listeners.Find(other => other.SocketId == socketId && other.Node.Id == node.Id);
        isNew = listener is null;
        if (listener is null)
        {
            AddressGroup address = AddressGroup.Of(node.EndPoint.Address);
            if (!_listeners.TryGetValue(address, out List<StoredListener>? ofAddress)) ofAddress = [];
            if (ofAddress.Count >= options.MaxListenersPerAddress) Remove(ofAddress[0]);
            if (ListenerCount >= options.MaxListeners) return null;
            if (Find(key) is not { } current) _keys.Add(key, current = new StoredKey(key));
            listener = new StoredListener(this, current, node, socketId) { Address = address, EndPoint = node.EndPoint };
            nodes.Hold(node);
            current.Listeners.Add(listener);
            ofAddress.Add(listener);
            _listeners[address] = ofAddress;
            ListenerCount++;
        }
        else if (_listeners[listener.Address] is { Count: > 1 } ofAddress)
        {
            ofAddress.Remove(listener);
            ofAddress.Add(listener);
        }

        listener.EndPoint = node.EndPoint; // The request for it bore a token.
        agenda.Set(listener, now + StoredListener.Lifetime);
        return listener;
    }

    public void Remove(StoredListener listener)
    {
        if (!listener.Key.Listeners.Remove(listener)) return;
        agenda.Remove(listener);
        ListenerCount--;
        List<StoredListener> ofAddress = _listeners[listener.Address];
        ofAddress.Remove(listener);
        if (ofAddress.Count == 0) _listeners.Remove(listener.Address);
        nodes.Release(listener.Node);
        RemoveIfEmpty(listener.Key);
    }

    /// <summary>Takes from whoever has most values under the key the one that ends first, unless the newcomer has as many.</summary>
    private bool MakeRoom(StoredKey entry, AddressGroup? newcomer, Instant now)
    {
        if (newcomer is null) return true; // Our own values have no limit.
        Dictionary<AddressGroup, int> counts = [];
        foreach (StoredValue stored in entry.Values)
        {
            if (stored.Usage is { } usage) counts[usage.Address] = counts.GetValueOrDefault(usage.Address) + 1;
        }

        if (counts.Count == 0) return false;
        (AddressGroup most, int count) = counts.MaxBy(pair => pair.Value);
        if (count <= counts.GetValueOrDefault(newcomer.Value) + 1) return false;
        Remove(entry.Values.Where(stored => stored.Usage?.Address == most).MinBy(stored => stored.Expires)!, now);
        return true;
    }

    private AddressUsage UsageOf(AddressGroup address)
    {
        if (_usages.TryGetValue(address, out AddressUsage? usage)) return usage;
        usage = new AddressUsage(address);
        _usages.Add(address, usage);
        return usage;
    }

    private void Charge(StoredValue stored)
    {
        if (stored.Usage is not { } usage) return;
        _usagesByBytes.Remove(usage);
        usage.Add(stored);
        _usagesByBytes.Add(usage);
        Bytes += stored.Charge;
    }

    private void Uncharge(StoredValue stored)
    {
        if (stored.Usage is not { } usage) return;
        _usagesByBytes.Remove(usage);
        usage.Remove(stored);
        Bytes -= stored.Charge;
        if (usage.IsEmpty) _usages.Remove(usage.Address);
        else _usagesByBytes.Add(usage);
    }

    private void RemoveIfEmpty(StoredKey entry)
    {
        if (entry.Values.Count == 0 && entry.Listeners.Count == 0) _keys.Remove(entry.Key);
    }

    private static int Compare(AddressGroup left, AddressGroup right) =>
        left.IsIPv6 != right.IsIPv6 ? left.IsIPv6.CompareTo(right.IsIPv6) : left.Prefix.CompareTo(right.Prefix);
}
