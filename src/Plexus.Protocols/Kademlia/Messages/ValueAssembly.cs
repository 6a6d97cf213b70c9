namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>Puts one packed value together from parts that come in any order.</summary>
/// <remarks>Holds what was received, never what was only announced.</remarks>
/// <param name="size">The announced size, in bytes.</param>
internal sealed class ValueAssembly(int size)
{
    // 1,024 parts of the longest value have 64 bytes each. Nodes send 1,280.
    private const int MostParts = 1024;

    private readonly List<ValuePart> _parts = []; // By offset, without overlaps.
    private int _received;

    public bool IsComplete => _received == size;

    /// <summary>Takes a part; false when it adds nothing, overlaps another, or lies outside.</summary>
    public bool TryAdd(ValuePart part)
    {
        if (part.Offset + part.Data.Length > size || _parts.Count >= MostParts) return false;
        int place = _parts.Count;
        while (place > 0 && _parts[place - 1].Offset > part.Offset) place--; // Parts nearly always come in order.
        if (place > 0 && End(_parts[place - 1]) > part.Offset) return false;
        if (place < _parts.Count && End(part) > _parts[place].Offset) return false;
        _parts.Insert(place, part);
        _received += part.Data.Length;
        return true;
    }

    /// <summary>The whole packed value.</summary>
    public byte[] Join()
    {
        byte[] packed = new byte[_received];
        foreach (ValuePart part in _parts) part.Data.Span.CopyTo(packed.AsSpan(part.Offset));
        return packed;
    }

    private static int End(ValuePart part) => part.Offset + part.Data.Length;
}
