using System.Buffers.Binary;

namespace Plexus.Protocols.Tubus;

/// <summary>One datagram without its mask: docs/protocols/tubus.md.</summary>
internal readonly ref struct TubusPacket
{
    // Octet   0 ... 7      8    9   10   11   12 ... 15   16 ...
    //        | salt, 0   | sign    | version | pin       | sections |
    public const int HeaderLength = 16;

    /// <summary>The longest UDP payload over IPv4.</summary>
    public const int LongestDatagram = 65_507;

    internal const int SignOffset = 8;
    internal const int PinOffset = 12;
    internal const uint SignAndVersion = 0x0909_0102; // Version 1.2; the original speaks with no other.

    private TubusPacket(uint pin, ReadOnlySpan<byte> sections)
    {
        Pin = pin;
        Sections = new TubusSections(sections);
    }

    /// <summary>The sender's connection number, never zero.</summary>
    public uint Pin { get; }

    /// <summary>Walks the sections.</summary>
    public TubusSections Sections { get; }

    /// <summary>Reads a datagram. The salt is not looked at.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out TubusPacket packet)
    {
        packet = default;
        if (datagram.Length <= HeaderLength
            || BinaryPrimitives.ReadUInt32BigEndian(datagram[SignOffset..]) != SignAndVersion) return false;
        uint pin = BinaryPrimitives.ReadUInt32BigEndian(datagram[PinOffset..]);
        if (pin == 0) return false;
        packet = new TubusPacket(pin, datagram[HeaderLength..]);
        return true;
    }
}
