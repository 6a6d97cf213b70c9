using Plexus.Protocols.Kademlia.Values;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>The selected fields of one value, as a reply to a query tells them. What was not selected is null.</summary>
/// <param name="Id">The value id.</param>
/// <param name="Type">The value type.</param>
/// <param name="OwnerId">The id of the owner's key; zero for a value without an owner.</param>
/// <param name="Sequence">The sequence number; 0 for a value without an owner.</param>
/// <param name="UserType">The user type, which may be empty.</param>
internal sealed record SelectedFields(
    ulong? Id = null, ushort? Type = null, InfoHash? OwnerId = null, ushort? Sequence = null, ReadOnlyMemory<byte>? UserType = null)
{
    // As many values as a listener caches per node (4,096), with all five fields.
    private const int MostElements = 5 * 4096;

    /// <summary>The fields of a complete value.</summary>
    public static SelectedFields Of(DhtValue value) =>
        new(value.Id, value.Type, value.OwnerId ?? InfoHash.Zero, value.Sequence, value.UserTypeBytes);

    /// <summary>Writes {f: fields, v: elements of all values, one after another}.</summary>
    public static void Write(MessagePackWriter writer, IReadOnlyList<ValueField> fields, IReadOnlyCollection<DhtValue> values)
    {
        writer.Map(2).String("f"u8).Array(fields.Count);
        foreach (ValueField field in fields) writer.Integer((byte)field);
        writer.String("v"u8).Array(fields.Count * values.Count);
        foreach (DhtValue value in values)
        {
            foreach (ValueField field in fields) WriteField(writer, field, value);
        }
    }

    /// <summary>Bytes that the elements take at least: a look that costs less than writing what would be thrown away.</summary>
    public static long LeastLength(IReadOnlyList<ValueField> fields, IReadOnlyCollection<DhtValue> values)
    {
        long length = (long)fields.Count * values.Count;
        if (fields.Contains(ValueField.Owner)) length += values.Sum(static value => (long)value.Owner.Length);
        if (fields.Contains(ValueField.UserType)) length += values.Sum(static value => (long)value.UserTypeBytes.Length);
        return length;
    }

    public static bool TryRead(ReadOnlySpan<byte> packed, out IReadOnlyList<SelectedFields> values)
    {
        values = [];
        ReadOnlySpan<byte> fields = default, elements = default;
        MessagePackEntries entries = new(packed);
        while (entries.MoveNext())
        {
            if (entries.Key.SequenceEqual("f"u8)) fields = entries.Value;
            else if (entries.Key.SequenceEqual("v"u8)) elements = entries.Value;
        }

        MessagePackReader names = new(fields);
        MessagePackReader reader = new(elements);
        if (entries.IsMalformed
            || !names.TryReadArray(out int width)
            || width is 0 or > 5
            || !reader.TryReadArray(out int count)
            || count > MostElements
            || count % width != 0)
        {
            return false;
        }

        Span<byte> order = stackalloc byte[width];
        for (int i = 0; i < width; i++)
        {
            if (!names.TryReadUInt16(out ushort name) || name is < (int)ValueField.Id or > (int)ValueField.UserType) return false;
            order[i] = (byte)name;
        }

        List<SelectedFields> rows = new(count / width);
        for (int i = 0; i < count / width; i++)
        {
            if (!TryReadRow(ref reader, order, out SelectedFields row)) return false;
            rows.Add(row);
        }

        values = rows;
        return true;
    }

    private static void WriteField(MessagePackWriter writer, ValueField field, DhtValue value)
    {
        switch (field)
        {
            case ValueField.Id: writer.Integer(value.Id); break;
            case ValueField.Type: writer.Integer(value.Type); break;
            case ValueField.Owner when value.Owner.IsEmpty: writer.Hash(InfoHash.Zero); break;
            case ValueField.Owner: writer.Binary(value.Owner.Span); break;
            case ValueField.Sequence: writer.Integer(value.Sequence); break;
            default: writer.String(value.UserTypeBytes.Span); break;
        }
    }

    private static bool TryReadRow(ref MessagePackReader reader, scoped ReadOnlySpan<byte> order, out SelectedFields row)
    {
        row = new SelectedFields();
        foreach (byte field in order)
        {
            switch ((ValueField)field)
            {
                case ValueField.Id when reader.TryReadUInt64(out ulong id):
                    row = row with { Id = id };
                    break;
                case ValueField.Type when reader.TryReadUInt16(out ushort type):
                    row = row with { Type = type };
                    break;
                case ValueField.Owner when reader.TryReadBinary(out ReadOnlySpan<byte> owner):
                    // The key itself, or an id: some senders write the one, some the other.
                    row = row with { OwnerId = InfoHash.TryRead(owner, out InfoHash id20) ? id20 : InfoHash.Of(owner) };
                    break;
                case ValueField.Sequence when reader.TryReadUInt16(out ushort sequence):
                    row = row with { Sequence = sequence };
                    break;
                case ValueField.UserType when reader.TryReadBytes(out ReadOnlySpan<byte> userType):
                    row = row with { UserType = userType.ToArray() };
                    break;
                default:
                    return false;
            }
        }

        return true;
    }
}
