using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Plexus.Protocols.Kademlia;

/// <summary>A point of the 160-bit id space: a node's id, a key, or a public key's id.</summary>
/// <remarks>Distance is the XOR of two ids, compared as an unsigned big-endian number.</remarks>
internal readonly struct InfoHash : IEquatable<InfoHash>, IComparable<InfoHash>
{
    /// <summary>20 bytes: the length of a SHA-1 digest.</summary>
    public const int Size = 20;

    /// <summary>160 bits.</summary>
    public const int BitCount = Size * 8;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    private readonly ulong _high;
    private readonly ulong _middle;
    private readonly uint _low;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public InfoHash(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        _high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _middle = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _low = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    private InfoHash(ulong high, ulong middle, uint low)
    {
        _high = high;
        _middle = middle;
        _low = low;
    }

    public static InfoHash Zero => default;

    public bool IsZero => _high == 0 && _middle == 0 && _low == 0;

    public static bool operator ==(InfoHash left, InfoHash right) => left.Equals(right);

    public static bool operator !=(InfoHash left, InfoHash right) => !left.Equals(right);

    public static bool operator <(InfoHash left, InfoHash right) => left.CompareTo(right) < 0;

    public static bool operator >(InfoHash left, InfoHash right) => left.CompareTo(right) > 0;

    public static bool operator <=(InfoHash left, InfoHash right) => left.CompareTo(right) <= 0;

    public static bool operator >=(InfoHash left, InfoHash right) => left.CompareTo(right) >= 0;

    /// <summary>The distance of two ids.</summary>
    public static InfoHash operator ^(InfoHash left, InfoHash right) =>
        new(left._high ^ right._high, left._middle ^ right._middle, left._low ^ right._low);

    /// <summary>The SHA-1 of bytes.</summary>
    public static InfoHash Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[Size];
        SHA1.HashData(bytes, digest);
        return new InfoHash(digest);
    }

    /// <summary>The SHA-1 of a text's UTF-8 bytes, without a terminator.</summary>
    public static InfoHash OfText(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>An id drawn from a source of random bytes.</summary>
    public static InfoHash Random(Action<Span<byte>> fillWithRandom)
    {
        Span<byte> bytes = stackalloc byte[Size];
        fillWithRandom(bytes);
        return new InfoHash(bytes);
    }

    /// <summary>Reads exactly <see cref="Size"/> bytes; false for any other length.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out InfoHash hash)
    {
        hash = bytes.Length == Size ? new InfoHash(bytes) : default;
        return bytes.Length == Size;
    }

    /// <summary>Reads 40 hexadecimal digits of either case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out InfoHash hash)
    {
        hash = default;
        if (text.Length != Size * 2 || text.ContainsAnyExcept(HexDigits)) return false;
        hash = new InfoHash(
            ulong.Parse(text[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            ulong.Parse(text[16..32], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            uint.Parse(text[32..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>Writes the 20 bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _middle);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _low);
    }

    public byte[] ToArray()
    {
        byte[] bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Which of two ids is closer to this one: negative when the first is.</summary>
    public int CompareDistance(InfoHash first, InfoHash second) => (first ^ this).CompareTo(second ^ this);

    /// <summary>How many leading bits are the same: 0 to 160.</summary>
    public int CommonPrefixLength(InfoHash other)
    {
        InfoHash distance = this ^ other;
        if (distance._high != 0) return BitOperations.LeadingZeroCount(distance._high);
        if (distance._middle != 0) return 64 + BitOperations.LeadingZeroCount(distance._middle);
        return 128 + BitOperations.LeadingZeroCount(distance._low);
    }

    /// <summary>A bit; 0 is the most significant one.</summary>
    public bool GetBit(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, BitCount);
        return index switch
        {
            < 64 => (_high >> (63 - index) & 1) != 0,
            < 128 => (_middle >> (127 - index) & 1) != 0,
            _ => (_low >> (159 - index) & 1) != 0,
        };
    }

    /// <summary>This id with one bit set or cleared; 0 is the most significant one.</summary>
    public InfoHash WithBit(int index, bool value)
    {
        if (GetBit(index) == value) return this;
        return index switch
        {
            < 64 => new InfoHash(_high ^ 1UL << (63 - index), _middle, _low),
            < 128 => new InfoHash(_high, _middle ^ 1UL << (127 - index), _low),
            _ => new InfoHash(_high, _middle, _low ^ 1U << (159 - index)),
        };
    }

    public int CompareTo(InfoHash other)
    {
        int order = _high.CompareTo(other._high);
        if (order == 0) order = _middle.CompareTo(other._middle);
        return order == 0 ? _low.CompareTo(other._low) : order;
    }

    public bool Equals(InfoHash other) => _high == other._high && _middle == other._middle && _low == other._low;

    public override bool Equals(object? obj) => obj is InfoHash other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_high, _middle, _low);

    /// <summary>40 lowercase hexadecimal digits.</summary>
    public override string ToString() => $"{_high:x16}{_middle:x16}{_low:x8}";
}
