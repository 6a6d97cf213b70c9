using System.Buffers.Binary;

namespace Plexus.Protocols.Stun;

/// <summary>Walks the attributes of one STUN message, RFC 8489 section 14.</summary>
internal ref struct StunAttributes(ReadOnlySpan<byte> body)
{
    //  0              7 8            15 16           23 24           31
    // |         Type                  |            Length             |
    // |               Value, padded to a multiple of 4 bytes       ....
    private const int HeaderLength = 4;

    private ReadOnlySpan<byte> _rest = body;

    public ushort Type { get; private set; }

    /// <summary>The value without its padding.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    public bool IsMalformed { get; private set; }

    public readonly bool IsLast => _rest.IsEmpty;

    public bool MoveNext()
    {
        if (_rest.IsEmpty) return false;
        if (_rest.Length < HeaderLength) return Fail();
        int length = BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]);
        int paddedLength = (length + 3) & ~3; // Length does not count the padding.
        if (_rest.Length - HeaderLength < paddedLength) return Fail();
        Type = BinaryPrimitives.ReadUInt16BigEndian(_rest);
        Value = _rest.Slice(HeaderLength, length);
        _rest = _rest[(HeaderLength + paddedLength)..];
        return true;
    }

    private bool Fail()
    {
        _rest = default;
        IsMalformed = true;
        return false;
    }
}
