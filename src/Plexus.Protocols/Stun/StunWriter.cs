using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Plexus.Protocols.Stun;

/// <summary>Writes one STUN message into a buffer, attribute after attribute.</summary>
/// <exception cref="ArgumentOutOfRangeException">The buffer is too small.</exception>
internal ref struct StunWriter
{
    private const int AttributeHeaderLength = 4;

    private readonly Span<byte> _buffer;
    private readonly StunTransactionId _id;

    public StunWriter(Span<byte> buffer, ushort type, StunTransactionId id)
    {
        _buffer = buffer;
        _id = id;
        BinaryPrimitives.WriteUInt16BigEndian(buffer, type);
        id.Write(buffer[4..]);
        Length = StunMessage.HeaderLength;
        SetBodyLength(0);
    }

    /// <summary>The bytes written so far: always a whole message.</summary>
    public int Length { get; private set; }

    public void AddAddress(ushort type, IPEndPoint endpoint) =>
        StunAddress.Write(Add(type, StunAddress.ValueLength(endpoint)), endpoint);

    public void AddXoredAddress(ushort type, IPEndPoint endpoint) =>
        StunAddress.WriteXored(Add(type, StunAddress.ValueLength(endpoint)), endpoint, _id);

    public void AddUInt32(ushort type, uint value) =>
        BinaryPrimitives.WriteUInt32BigEndian(Add(type, sizeof(uint)), value);

    public void AddText(ushort type, string text) =>
        Encoding.UTF8.GetBytes(text, Add(type, Encoding.UTF8.GetByteCount(text)));

    /// <summary>ERROR-CODE, RFC 8489 section 14.8: hundreds and rest of the number, then the reason.</summary>
    public void AddErrorCode(int code, string reason)
    {
        Span<byte> value = Add(StunAttributeType.ErrorCode, 4 + Encoding.UTF8.GetByteCount(reason));
        BinaryPrimitives.WriteUInt32BigEndian(value, (uint)((code / 100 << 8) | (code % 100)));
        Encoding.UTF8.GetBytes(reason, value[4..]);
    }

    public void AddUnknownAttributes(ReadOnlySpan<ushort> types)
    {
        Span<byte> value = Add(StunAttributeType.UnknownAttributes, types.Length * sizeof(ushort));
        for (int i = 0; i < types.Length; i++) BinaryPrimitives.WriteUInt16BigEndian(value[(i * sizeof(ushort))..], types[i]);
    }

    /// <summary>FINGERPRINT; nothing may follow it.</summary>
    public void AddFingerprint()
    {
        int end = Length;
        Span<byte> value = Add(StunAttributeType.Fingerprint, sizeof(uint)); // First, since the CRC covers the new length.
        BinaryPrimitives.WriteUInt32BigEndian(value, StunFingerprint.Compute(_buffer[..end]));
    }

    private Span<byte> Add(ushort type, int length)
    {
        int padded = (length + 3) & ~3;
        Span<byte> attribute = _buffer.Slice(Length, AttributeHeaderLength + padded);
        BinaryPrimitives.WriteUInt16BigEndian(attribute, type);
        BinaryPrimitives.WriteUInt16BigEndian(attribute[2..], (ushort)length);
        attribute[(AttributeHeaderLength + length)..].Clear();
        Length += attribute.Length;
        SetBodyLength(Length - StunMessage.HeaderLength);
        return attribute.Slice(AttributeHeaderLength, length);
    }

    private readonly void SetBodyLength(int length) =>
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[2..], (ushort)length);
}
