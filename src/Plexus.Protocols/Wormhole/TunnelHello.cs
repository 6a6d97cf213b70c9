using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Plexus.Protocols.Wormhole;

/// <summary>What each side tells first: docs/protocols/tunnel.md.</summary>
internal sealed record TunnelHello
{
    // 0       4         5               6
    // | PLXT  | version | least version | fields: type (1) length (2) value ...

    /// <summary>The version spoken here.</summary>
    public const byte OurVersion = 1;

    /// <summary>How many services one side may tell: a frame must hold them all.</summary>
    public const int MostServices = 128;

    private const uint Mark = 0x504c5854; // "PLXT"
    private const int FixedLength = 6;
    private const int FieldHeader = 3;
    private const byte WindowField = 1;
    private const byte ServiceField = 2;

    /// <summary>The highest version the sender speaks.</summary>
    public byte Version { get; init; } = OurVersion;

    /// <summary>The lowest version the sender speaks.</summary>
    public byte LeastVersion { get; init; } = OurVersion;

    /// <summary>How many bytes the sender takes on each connection before it allows more.</summary>
    public uint Window { get; init; }

    /// <summary>What the sender exports.</summary>
    public IReadOnlyList<(TunnelProtocol Protocol, string Name)> Services { get; init; } = [];

    /// <summary>Reads the payload; fields of later versions are skipped.</summary>
    /// <returns>False when it is none, or cut.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, [NotNullWhen(true)] out TunnelHello? hello)
    {
        hello = null;
        if (payload.Length < FixedLength || BinaryPrimitives.ReadUInt32BigEndian(payload) != Mark) return false;
        (byte version, byte least) = (payload[4], payload[5]);
        if (version == 0 || least > version) return false;
        uint window = 0;
        List<(TunnelProtocol, string)> services = [];
        for (ReadOnlySpan<byte> rest = payload[FixedLength..]; !rest.IsEmpty;)
        {
            if (rest.Length < FieldHeader) return false;
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
            if (rest.Length - FieldHeader < length) return false;
            ReadOnlySpan<byte> value = rest.Slice(FieldHeader, length);
            if (rest[0] == WindowField && length >= 4) window = BinaryPrimitives.ReadUInt32BigEndian(value);
            if (rest[0] == ServiceField && length is >= 1 and <= 1 + TunnelFrame.LargestName && services.Count < MostServices)
                services.Add(((TunnelProtocol)value[0], Encoding.UTF8.GetString(value[1..])));
            rest = rest[(FieldHeader + length)..];
        }

        hello = new() { Version = version, LeastVersion = least, Window = window, Services = services };
        return true;
    }

    /// <summary>Writes the payload.</summary>
    /// <param name="buffer">At least <see cref="TunnelFrame.LargestPayload"/> bytes.</param>
    /// <returns>Its length.</returns>
    public int Write(Span<byte> buffer)
    {
        BinaryPrimitives.WriteUInt32BigEndian(buffer, Mark);
        buffer[4] = Version;
        buffer[5] = LeastVersion;
        int at = FixedLength;
        WriteField(buffer, ref at, WindowField, 4);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[(at - 4)..], Window);
        foreach ((TunnelProtocol protocol, string name) in Services.Take(MostServices))
        {
            int length = 1 + Encoding.UTF8.GetByteCount(name);
            WriteField(buffer, ref at, ServiceField, length);
            buffer[at - length] = (byte)protocol;
            Encoding.UTF8.GetBytes(name, buffer[(at - length + 1)..]);
        }

        return at;
    }

    private static void WriteField(Span<byte> buffer, ref int at, byte type, int length)
    {
        buffer[at] = type;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[(at + 1)..], (ushort)length);
        at += FieldHeader + length;
    }
}
