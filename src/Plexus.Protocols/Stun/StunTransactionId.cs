using System.Buffers.Binary;

namespace Plexus.Protocols.Stun;

/// <summary>The 16 bytes that tie an answer to its request: the magic cookie and 96 random bits.</summary>
/// <remarks>In RFC 3489 all 128 bits were random; such a request shows itself by the missing cookie.</remarks>
internal readonly record struct StunTransactionId(UInt128 Value)
{
    public const int Length = 16;
    public const uint MagicCookie = 0x2112A442; // RFC 8489 section 5

    /// <summary>Whether the sender speaks RFC 3489.</summary>
    public bool IsClassic => (uint)(Value >> 96) != MagicCookie;

    /// <summary>A new id of RFC 8489.</summary>
    /// <param name="random">Fills a span with unpredictable bytes: they are all that keeps blind forgers out.</param>
    public static StunTransactionId New(Action<Span<byte>> random)
    {
        Span<byte> bytes = stackalloc byte[Length];
        random(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, MagicCookie);
        return Read(bytes);
    }

    public static StunTransactionId Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);
}
