using System.Buffers.Binary;

namespace Plexus.Protocols.Tubus;

/// <summary>Writes one datagram, without its mask: docs/protocols/tubus.md.</summary>
internal ref struct TubusWriter
{
    /// <summary>What a section without a value takes.</summary>
    public const int BareLength = TubusSections.HeaderLength;

    /// <summary>What a section with a number takes; and what a move takes besides its data.</summary>
    public const int NumberedLength = TubusSections.HeaderLength + TubusSections.NumberLength;

    private readonly Span<byte> _buffer;

    /// <param name="buffer">As long as the datagram may become; at least a header.</param>
    /// <param name="pin">The own connection number.</param>
    public TubusWriter(Span<byte> buffer, uint pin)
    {
        _buffer = buffer;
        BinaryPrimitives.WriteUInt64LittleEndian(buffer, 0);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[TubusPacket.SignOffset..], TubusPacket.SignAndVersion);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[TubusPacket.PinOffset..], pin);
        Length = TubusPacket.HeaderLength;
    }

    /// <summary>What has been written, the header included.</summary>
    public int Length { get; private set; }

    /// <summary>What may still be written.</summary>
    public readonly int Room => _buffer.Length - Length;

    /// <summary>Whether there is no section yet; such a datagram is not sent.</summary>
    public readonly bool IsEmpty => Length == TubusPacket.HeaderLength;

    /// <summary>Writes a section without a value.</summary>
    public void Write(TubusSectionType type)
    {
        WriteHeader(type, 0);
        Length += BareLength;
    }

    /// <summary>Writes a section whose value is a number.</summary>
    public void Write(TubusSectionType type, ulong number)
    {
        WriteHeader(type, TubusSections.NumberLength);
        BinaryPrimitives.WriteUInt64BigEndian(_buffer[(Length + TubusSections.HeaderLength)..], number);
        Length += NumberedLength;
    }

    /// <summary>Writes a move, but for its data.</summary>
    /// <returns>Where the data goes.</returns>
    public Span<byte> WriteMove(long offset, int length)
    {
        WriteHeader(TubusSectionType.Move, TubusSections.NumberLength + length);
        BinaryPrimitives.WriteInt64BigEndian(_buffer[(Length + TubusSections.HeaderLength)..], offset);
        Span<byte> data = _buffer.Slice(Length + NumberedLength, length);
        Length += NumberedLength + length;
        return data;
    }

    /// <summary>Writes a section of a number and stretches, but for the stretches.</summary>
    /// <returns>Where the stretches go.</returns>
    public Span<byte> WriteArrived(long next, int stretches)
    {
        int length = stretches * TubusSections.StretchLength;
        WriteHeader(TubusSectionType.Arrived, TubusSections.NumberLength + length);
        BinaryPrimitives.WriteInt64BigEndian(_buffer[(Length + TubusSections.HeaderLength)..], next);
        Span<byte> rest = _buffer.Slice(Length + NumberedLength, length);
        Length += NumberedLength + length;
        return rest;
    }

    /// <summary>Writes a section of any type.</summary>
    public void Write(TubusSectionType type, scoped ReadOnlySpan<byte> value)
    {
        WriteHeader(type, value.Length);
        value.CopyTo(_buffer[(Length + TubusSections.HeaderLength)..]);
        Length += TubusSections.HeaderLength + value.Length;
    }

    /// <summary>Fills up to a length with zeros, which every reader takes for the end of the sections.</summary>
    public void Fill(int length)
    {
        _buffer[Length..length].Clear();
        Length = length;
    }

    private readonly void WriteHeader(TubusSectionType type, int length) =>
        BinaryPrimitives.WriteUInt32BigEndian(_buffer[Length..], ((uint)type << 16) | (ushort)length);
}
