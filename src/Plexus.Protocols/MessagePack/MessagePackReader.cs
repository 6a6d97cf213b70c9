using System.Buffers.Binary;

namespace Plexus.Protocols.MessagePack;

/// <summary>Reads MessagePack objects in place: no copies, no recursion, no exceptions.</summary>
/// <remarks>
/// Every Try… method that answers false leaves the position where it was. All legal forms are accepted, not only
/// the shortest ones. A count of elements is believed only if the bytes that are left can hold so many.
/// </remarks>
internal ref struct MessagePackReader(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;

    /// <summary>How many bytes were read.</summary>
    public int Position { get; private set; }

    /// <summary>The bytes that were not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _data[Position..];

    public readonly bool IsAtEnd => Position == _data.Length;

    public readonly MessagePackKind NextKind => Position < _data.Length ? KindOf(_data[Position]) : MessagePackKind.None;

    /// <summary>Reads the head of a map, which is followed by so many pairs of key and value.</summary>
    public bool TryReadMap(out int count)
    {
        count = 0;
        if (NextKind != MessagePackKind.Map || !TryReadHead(out int size, out uint pairs)) return false;
        // A key and a value have at least one byte each.
        if (pairs > (uint)(_data.Length - Position - size) / 2) return false;
        Position += size;
        count = (int)pairs;
        return true;
    }

    /// <summary>Reads the head of an array, which is followed by so many objects.</summary>
    public bool TryReadArray(out int count)
    {
        count = 0;
        if (NextKind != MessagePackKind.Array || !TryReadHead(out int size, out uint elements)) return false;
        if (elements > (uint)(_data.Length - Position - size)) return false;
        Position += size;
        count = (int)elements;
        return true;
    }

    /// <summary>Reads a text's bytes, which need not be UTF-8.</summary>
    public bool TryReadString(out ReadOnlySpan<byte> utf8) => TryReadBlock(MessagePackKind.String, out utf8);

    public bool TryReadBinary(out ReadOnlySpan<byte> bytes) => TryReadBlock(MessagePackKind.Binary, out bytes);

    /// <summary>Reads bytes written as binary or as a text.</summary>
    public bool TryReadBytes(out ReadOnlySpan<byte> bytes) =>
        TryReadBinary(out bytes) || TryReadString(out bytes);

    /// <summary>Reads an integer that is not negative.</summary>
    public bool TryReadUInt64(out ulong value)
    {
        int start = Position;
        if (TryReadInteger(out value, out bool isNegative) && !isNegative) return true;
        value = 0;
        Position = start;
        return false;
    }

    public bool TryReadUInt32(out uint value)
    {
        bool fits = TryReadUpTo(uint.MaxValue, out ulong wide);
        value = (uint)wide;
        return fits;
    }

    public bool TryReadUInt16(out ushort value)
    {
        bool fits = TryReadUpTo(ushort.MaxValue, out ulong wide);
        value = (ushort)wide;
        return fits;
    }

    public bool TryReadInt32(out int value)
    {
        int start = Position;
        if (TryReadInteger(out ulong bits, out bool isNegative)
            && (isNegative ? (long)bits >= int.MinValue : bits <= int.MaxValue))
        {
            value = (int)(long)bits;
            return true;
        }

        value = 0;
        Position = start;
        return false;
    }

    /// <summary>Reads bytes written as binary, as a text, or in the historic form: an array of small integers.</summary>
    public bool TryReadBlob(out byte[] blob)
    {
        if (TryReadBytes(out ReadOnlySpan<byte> bytes))
        {
            blob = bytes.ToArray();
            return true;
        }

        int start = Position;
        blob = [];
        if (!TryReadArray(out int count)) return false;
        blob = new byte[count]; // No more than the bytes that are left.
        for (int i = 0; i < count; i++)
        {
            if (!TryReadUpTo(byte.MaxValue, out ulong element))
            {
                Position = start;
                return false;
            }

            blob[i] = (byte)element;
        }

        return true;
    }

    public bool TryReadBoolean(out bool value)
    {
        value = false;
        if (NextKind != MessagePackKind.Boolean) return false;
        value = _data[Position++] == MessagePackFormat.True;
        return true;
    }

    /// <summary>Passes over one object with all that it contains.</summary>
    public bool TrySkip() => TrySkip(out _);

    /// <summary>Passes over one object with all that it contains, and gives its bytes.</summary>
    public bool TrySkip(out ReadOnlySpan<byte> skipped)
    {
        int start = Position;
        skipped = default;
        // The number of objects still to pass over stands for the stack that recursion would need.
        for (long pending = 1; pending > 0; pending--)
        {
            MessagePackKind kind = NextKind;
            if (kind == MessagePackKind.None || !TryReadHead(out int size, out uint length)) return Fail(start);
            long inside = kind switch
            {
                MessagePackKind.Map => 2L * length,
                MessagePackKind.Array => length,
                _ => 0,
            };
            bool isContainer = kind is MessagePackKind.Map or MessagePackKind.Array;
            // Each object inside has at least one byte, so a count that lies is found before it costs anything.
            if (size + (isContainer ? inside : length) > _data.Length - Position) return Fail(start);
            Position += size + (isContainer ? 0 : (int)length);
            pending += inside;
        }

        skipped = _data[start..Position];
        return true;
    }

    private static MessagePackKind KindOf(byte first) => first switch
    {
        < 0x80 or >= 0xe0 => MessagePackKind.Integer,
        < 0x90 => MessagePackKind.Map,
        < 0xa0 => MessagePackKind.Array,
        < 0xc0 => MessagePackKind.String,
        MessagePackFormat.Nil => MessagePackKind.Nil,
        0xc1 => MessagePackKind.None,
        MessagePackFormat.False or MessagePackFormat.True => MessagePackKind.Boolean,
        <= MessagePackFormat.Binary32 => MessagePackKind.Binary,
        <= MessagePackFormat.Extension32 => MessagePackKind.Extension,
        <= MessagePackFormat.Float64 => MessagePackKind.Float,
        <= MessagePackFormat.Int64 => MessagePackKind.Integer,
        <= MessagePackFormat.FixedExtension16 => MessagePackKind.Extension,
        <= MessagePackFormat.String32 => MessagePackKind.String,
        <= MessagePackFormat.Array32 => MessagePackKind.Array,
        _ => MessagePackKind.Map,
    };

    /// <summary>The size of an object's head, and the length or count that it tells.</summary>
    private readonly bool TryReadHead(out int size, out uint length)
    {
        byte first = _data[Position];
        length = 0;
        size = 1;
        switch (first)
        {
            case < 0x80 or >= 0xe0: return true;
            case < 0xa0: length = first & 0x0fu; return true;
            case < 0xc0: length = first & 0x1fu; return true;
            case < MessagePackFormat.Binary8: return true;
            case >= MessagePackFormat.Float32 and <= MessagePackFormat.Int64:
                length = MessagePackFormat.WidthOf(first);
                return true;
            case >= MessagePackFormat.FixedExtension1 and <= MessagePackFormat.FixedExtension16:
                length = 1 + (1u << (first - MessagePackFormat.FixedExtension1)); // The type's byte, then the data.
                return true;
        }

        int width = MessagePackFormat.LengthWidthOf(first);
        size = 1 + width;
        if (_data.Length - Position < size) return false;
        ReadOnlySpan<byte> field = _data.Slice(Position + 1, width);
        length = width switch
        {
            1 => field[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(field),
            _ => BinaryPrimitives.ReadUInt32BigEndian(field),
        };
        if (first is >= MessagePackFormat.Extension8 and <= MessagePackFormat.Extension32)
        {
            size++; // The type's byte.
        }

        return true;
    }

    private bool Fail(int start)
    {
        Position = start;
        return false;
    }

    private bool TryReadBlock(MessagePackKind kind, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (NextKind != kind || !TryReadHead(out int size, out uint length)) return false;
        if (length > _data.Length - Position - size) return false;
        bytes = _data.Slice(Position + size, (int)length);
        Position += size + (int)length;
        return true;
    }

    private bool TryReadInteger(out ulong bits, out bool isNegative)
    {
        bits = 0;
        isNegative = false;
        if (NextKind != MessagePackKind.Integer) return false;
        byte first = _data[Position];
        if (first is < 0x80 or >= 0xe0)
        {
            Position++;
            isNegative = first >= 0xe0;
            bits = (ulong)(sbyte)first;
            return true;
        }

        int width = MessagePackFormat.WidthOf(first);
        if (_data.Length - Position - 1 < width) return false;
        ReadOnlySpan<byte> field = _data.Slice(Position + 1, width);
        bits = first switch
        {
            MessagePackFormat.UInt8 => field[0],
            MessagePackFormat.UInt16 => BinaryPrimitives.ReadUInt16BigEndian(field),
            MessagePackFormat.UInt32 => BinaryPrimitives.ReadUInt32BigEndian(field),
            MessagePackFormat.UInt64 => BinaryPrimitives.ReadUInt64BigEndian(field),
            MessagePackFormat.Int8 => (ulong)(sbyte)field[0],
            MessagePackFormat.Int16 => (ulong)BinaryPrimitives.ReadInt16BigEndian(field),
            MessagePackFormat.Int32 => (ulong)BinaryPrimitives.ReadInt32BigEndian(field),
            _ => (ulong)BinaryPrimitives.ReadInt64BigEndian(field),
        };
        isNegative = first >= MessagePackFormat.Int8 && (long)bits < 0;
        Position += 1 + width;
        return true;
    }

    private bool TryReadUpTo(ulong most, out ulong value)
    {
        int start = Position;
        if (TryReadUInt64(out value) && value <= most) return true;
        Position = start;
        value = 0;
        return false;
    }
}
