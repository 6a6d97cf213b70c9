using System.Buffers.Binary;
using System.Text;

namespace Plexus.Protocols.MessagePack;

/// <summary>Writes MessagePack objects in their shortest forms into a buffer that grows.</summary>
/// <remarks>Heads tell counts before what they count: whoever writes a map of n pairs writes n keys and n values.</remarks>
internal sealed class MessagePackWriter(int capacity = 512)
{
    private const int LongestHead = 9; // A first byte and 64 bits.

    private byte[] _buffer = new byte[capacity];

    /// <summary>How many bytes were written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public byte[] ToArray() => Written.ToArray();

    /// <summary>Forgets what was written and keeps the buffer.</summary>
    public void Clear() => Length = 0;

    public MessagePackWriter Map(int count) => Head(count, MessagePackFormat.FixedMap, 16, 0, MessagePackFormat.Map16);

    public MessagePackWriter Array(int count) => Head(count, MessagePackFormat.FixedArray, 16, 0, MessagePackFormat.Array16);

    public MessagePackWriter Integer(ulong value)
    {
        Span<byte> head = Reserve(LongestHead);
        if (value < 0x80)
        {
            head[0] = (byte)value;
            Length++;
        }
        else if (value <= byte.MaxValue)
        {
            head[0] = MessagePackFormat.UInt8;
            head[1] = (byte)value;
            Length += 2;
        }
        else if (value <= ushort.MaxValue)
        {
            head[0] = MessagePackFormat.UInt16;
            BinaryPrimitives.WriteUInt16BigEndian(head[1..], (ushort)value);
            Length += 3;
        }
        else if (value <= uint.MaxValue)
        {
            head[0] = MessagePackFormat.UInt32;
            BinaryPrimitives.WriteUInt32BigEndian(head[1..], (uint)value);
            Length += 5;
        }
        else
        {
            head[0] = MessagePackFormat.UInt64;
            BinaryPrimitives.WriteUInt64BigEndian(head[1..], value);
            Length += 9;
        }

        return this;
    }

    public MessagePackWriter Boolean(bool value)
    {
        Reserve(1)[0] = value ? MessagePackFormat.True : MessagePackFormat.False;
        Length++;
        return this;
    }

    public MessagePackWriter Binary(ReadOnlySpan<byte> bytes)
    {
        Head(bytes.Length, 0, 0, MessagePackFormat.Binary8, MessagePackFormat.Binary8 + 1);
        return Raw(bytes);
    }

    public MessagePackWriter String(ReadOnlySpan<byte> utf8)
    {
        Head(utf8.Length, MessagePackFormat.FixedString, 32, MessagePackFormat.String8, MessagePackFormat.String8 + 1);
        return Raw(utf8);
    }

    public MessagePackWriter String(string text) => String(Encoding.UTF8.GetBytes(text));

    /// <summary>Copies an object that is MessagePack already.</summary>
    public MessagePackWriter Raw(ReadOnlySpan<byte> packed)
    {
        packed.CopyTo(Reserve(packed.Length));
        Length += packed.Length;
        return this;
    }

    /// <summary>Writes a length or count behind the shortest form that holds it.</summary>
    /// <remarks>
    /// Counts below the fixed limit are inside the first byte. A form with a count of one byte need not exist (0). The
    /// form with a count of four bytes follows the one with two.
    /// </remarks>
    private MessagePackWriter Head(int count, byte fixedForm, int fixedLimit, byte form8, byte form16)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Span<byte> head = Reserve(LongestHead);
        if (count < fixedLimit)
        {
            head[0] = (byte)(fixedForm | count);
            Length++;
        }
        else if (count <= byte.MaxValue && form8 != 0)
        {
            head[0] = form8;
            head[1] = (byte)count;
            Length += 2;
        }
        else if (count <= ushort.MaxValue)
        {
            head[0] = form16;
            BinaryPrimitives.WriteUInt16BigEndian(head[1..], (ushort)count);
            Length += 3;
        }
        else
        {
            head[0] = (byte)(form16 + 1);
            BinaryPrimitives.WriteUInt32BigEndian(head[1..], (uint)count);
            Length += 5;
        }

        return this;
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - Length < count)
        {
            System.Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + count));
        }

        return _buffer.AsSpan(Length);
    }
}
