using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Storage;

/// <summary>One value that this node keeps; on the agenda for the end of its life.</summary>
/// <param name="usage">The account it is charged to; null for a value of our own.</param>
/// <param name="serial">Tells apart values that end at the same instant.</param>
internal sealed class StoredValue(ValueStore store, StoredKey key, DhtValue value, AddressUsage? usage, Instant expires, long serial) : Timed
{
    // An estimate of what the objects around a value take, so that empty values are not free.
    private const int Overhead = 256;

    public StoredKey Key { get; } = key;

    public DhtValue Value { get; set; } = value;

    public AddressUsage? Usage { get; set; } = usage;

    public Instant Expires { get; set; } = expires;

    public long Serial { get; } = serial;

    /// <summary>What it counts against limits, in bytes.</summary>
    public int Charge => Value.Size + Overhead;

    public override void OnDue(Instant now) => store.Remove(this, now);
}
