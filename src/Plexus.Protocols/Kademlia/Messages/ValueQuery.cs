using Plexus.Protocols.Kademlia.Values;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>What a get or a listen asks for: which values, and which of their fields.</summary>
/// <remarks><code>query = {s: [field..], w: [{f: field, v: value}..]}</code></remarks>
internal sealed class ValueQuery(IReadOnlyList<ValueField> select, IReadOnlyList<ValueCondition> where)
{
    // Our own limit: five fields exist, so a longer list only repeats itself.
    private const int MostTerms = 32;

    // Our own limit: a MIME type has some dozen bytes, and a listener's query is kept as long as it listens.
    private const int LongestUserType = 256;

    /// <summary>Every value, complete. Not written to the wire.</summary>
    public static ValueQuery Everything { get; } = new([], []);

    /// <summary>The selected fields, ascending and without repetition; empty asks for complete values.</summary>
    public IReadOnlyList<ValueField> Select { get; } = [.. select.Distinct().Order()];

    /// <summary>The conditions, which must all hold.</summary>
    public IReadOnlyList<ValueCondition> Where { get; } = [.. where.Distinct()];

    public bool IsEverything => Select.Count == 0 && Where.Count == 0;

    /// <summary>The value with this id, complete.</summary>
    public static ValueQuery ById(ulong id) => new([], [ValueCondition.Id(id)]);

    /// <summary>Reads a query; false makes the whole request invalid.</summary>
    public static bool TryRead(ReadOnlySpan<byte> packed, out ValueQuery? query)
    {
        query = null;
        ReadOnlySpan<byte> select = default, where = default;
        MessagePackEntries entries = new(packed);
        while (entries.MoveNext())
        {
            // Inside queries the first of several equal keys counts.
            if (entries.Key.SequenceEqual("s"u8) && select.IsEmpty) select = entries.Value;
            else if (entries.Key.SequenceEqual("w"u8) && where.IsEmpty) where = entries.Value;
        }

        if (entries.IsMalformed
            || !TryReadSelect(select, out List<ValueField> fields)
            || !TryReadWhere(where, out List<ValueCondition> conditions))
        {
            return false;
        }

        query = new ValueQuery(fields, conditions);
        return true;
    }

    /// <summary>Whether a value meets all conditions.</summary>
    public bool Matches(DhtValue value)
    {
        foreach (ValueCondition condition in Where)
        {
            if (!condition.Matches(value)) return false;
        }

        return true;
    }

    /// <summary>Whether an answer to the other query also answers this one.</summary>
    public bool IsCoveredBy(ValueQuery other) =>
        other.Where.All(Where.Contains)
        && (other.Select.Count == 0 || (Select.Count > 0 && Select.All(other.Select.Contains)));

    public void Write(MessagePackWriter writer)
    {
        writer.Map(2).String("s"u8).Array(Select.Count);
        foreach (ValueField field in Select) writer.Integer((byte)field);
        writer.String("w"u8).Array(Where.Count);
        foreach (ValueCondition condition in Where)
        {
            writer.Map(2).String("f"u8).Integer((byte)condition.Field).String("v"u8);
            if (condition.Field == ValueField.Owner) writer.Hash(condition.Hash);
            else if (condition.Field == ValueField.UserType) writer.Binary(condition.Text.Span);
            else writer.Integer(condition.Number);
        }
    }

    private static bool TryReadSelect(ReadOnlySpan<byte> packed, out List<ValueField> fields)
    {
        fields = [];
        MessagePackReader reader = new(packed);
        if (!reader.TryReadArray(out int count) || count > MostTerms) return false;
        for (int i = 0; i < count; i++)
        {
            if (!reader.TryReadUInt64(out ulong number)) return false;
            if (number is >= (ulong)ValueField.Id and <= (ulong)ValueField.UserType) fields.Add((ValueField)number);
        }

        // Fields we do not know are left out, but a request for only such fields is not one for complete values.
        return count == 0 || fields.Count > 0;
    }

    private static bool TryReadWhere(ReadOnlySpan<byte> packed, out List<ValueCondition> conditions)
    {
        conditions = [];
        MessagePackReader reader = new(packed);
        if (!reader.TryReadArray(out int count) || count > MostTerms) return false;
        for (int i = 0; i < count; i++)
        {
            if (!reader.TrySkip(out ReadOnlySpan<byte> term) || !TryReadCondition(term, out ValueCondition condition)) return false;
            conditions.Add(condition);
        }

        return true;
    }

    private static bool TryReadCondition(ReadOnlySpan<byte> packed, out ValueCondition condition)
    {
        condition = default;
        ReadOnlySpan<byte> field = default, operand = default;
        MessagePackEntries entries = new(packed);
        while (entries.MoveNext())
        {
            if (entries.Key.SequenceEqual("f"u8) && field.IsEmpty) field = entries.Value;
            else if (entries.Key.SequenceEqual("v"u8) && operand.IsEmpty) operand = entries.Value;
        }

        if (entries.IsMalformed || !new MessagePackReader(field).TryReadUInt64(out ulong number)) return false;
        MessagePackReader reader = new(operand);
        switch (number)
        {
            case (ulong)ValueField.Id when reader.TryReadUInt64(out ulong id):
                condition = ValueCondition.Id(id);
                return true;
            case (ulong)ValueField.Type when reader.TryReadUInt16(out ushort type):
                condition = ValueCondition.Type(type);
                return true;
            case (ulong)ValueField.Owner when DhtValueCodec.TryReadHash(operand, out InfoHash owner):
                condition = ValueCondition.Owner(owner);
                return true;
            case (ulong)ValueField.UserType when reader.TryReadBlob(out byte[] userType) && userType.Length <= LongestUserType:
                condition = ValueCondition.UserType(userType);
                return true;
            default:
                return false; // Sequence numbers cannot be compared, and nothing else is known.
        }
    }
}
