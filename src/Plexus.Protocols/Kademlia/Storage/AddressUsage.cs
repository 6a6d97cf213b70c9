namespace Plexus.Protocols.Kademlia.Storage;

/// <summary>What the values that one address put take here.</summary>
internal sealed class AddressUsage(AddressGroup address)
{
    private static readonly Comparer<StoredValue> ByExpiry = Comparer<StoredValue>.Create(
        (left, right) => left.Expires != right.Expires ? left.Expires.CompareTo(right.Expires) : left.Serial.CompareTo(right.Serial));

    private readonly SortedSet<StoredValue> _values = new(ByExpiry);

    public AddressGroup Address { get; } = address;

    /// <summary>The sum of the charges, in bytes.</summary>
    public long Bytes { get; private set; }

    public bool IsEmpty => _values.Count == 0;

    /// <summary>The value that ends first.</summary>
    public StoredValue? First => _values.Min;

    public void Add(StoredValue value)
    {
        _values.Add(value);
        Bytes += value.Charge;
    }

    /// <summary>Takes a value out; also needed around every change of its end or size.</summary>
    public void Remove(StoredValue value)
    {
        if (_values.Remove(value)) Bytes -= value.Charge;
    }
}
