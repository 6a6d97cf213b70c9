using System.Buffers.Binary;

namespace Plexus.Protocols.Tubus;

/// <summary>Walks the sections of one datagram: docs/protocols/tubus.md. It ends before the first one that is not well formed.</summary>
internal ref struct TubusSections(ReadOnlySpan<byte> sections)
{
    // Octet   0    1   2    3   4 ...
    //        | type  | length | value, length octets |
    public const int HeaderLength = 4;
    public const int NumberLength = 8;

    /// <summary>A stretch of an <see cref="TubusSectionType.Arrived"/>: its start and its end.</summary>
    public const int StretchLength = 2 * NumberLength;

    private ReadOnlySpan<byte> _rest = sections;

    public TubusSectionType Type { get; private set; }

    /// <summary>The number at the start of a ping, move, edge, one of their echoes, an arrived or a final; zero for other sections.</summary>
    public ulong Number { get; private set; }

    /// <summary>The octets of a move, the stretches of an arrived; empty for other sections.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>Whether the walk ended at a section that is not well formed.</summary>
    public bool IsMalformed { get; private set; }

    public bool MoveNext()
    {
        if (_rest.Length < HeaderLength) return false; // A tail of up to three octets is allowed.
        uint header = BinaryPrimitives.ReadUInt32BigEndian(_rest);
        int length = (ushort)header;
        Type = (TubusSectionType)(header >> 16);
        if (Type == TubusSectionType.None) return false;
        if (_rest.Length - HeaderLength < length) return Fail();
        ReadOnlySpan<byte> value = _rest.Slice(HeaderLength, length);
        _rest = _rest[(HeaderLength + length)..];
        Data = default;
        switch (Type)
        {
            case TubusSectionType.Move:
                if (length <= NumberLength) return Fail();
                Number = BinaryPrimitives.ReadUInt64BigEndian(value);
                Data = value[NumberLength..];
                return true;
            case TubusSectionType.Ping or TubusSectionType.PingEcho or TubusSectionType.MoveEcho or TubusSectionType.Edge
                or TubusSectionType.EdgeEcho or TubusSectionType.Final:
                if (length != NumberLength) return Fail();
                Number = BinaryPrimitives.ReadUInt64BigEndian(value);
                return true;
            case TubusSectionType.Arrived:
                if (length < NumberLength || (length - NumberLength) % StretchLength != 0) return Fail();
                Number = BinaryPrimitives.ReadUInt64BigEndian(value);
                Data = value[NumberLength..];
                return true;
            case TubusSectionType.Link or TubusSectionType.LinkEcho or TubusSectionType.Tear or TubusSectionType.TearEcho:
                Number = 0;
                return length == 0 || Fail();
            default:
                Number = 0;
                return true; // Unknown: its length is all that counts.
        }
    }

    private bool Fail()
    {
        _rest = default;
        Type = TubusSectionType.None;
        IsMalformed = true;
        return false;
    }
}
