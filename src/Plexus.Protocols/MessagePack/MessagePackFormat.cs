namespace Plexus.Protocols.MessagePack;

/// <summary>The first bytes of MessagePack objects, as github.com/msgpack/msgpack/blob/master/spec.md numbers them.</summary>
internal static class MessagePackFormat
{
    public const byte FixedMap = 0x80; // to 0x8f
    public const byte FixedArray = 0x90; // to 0x9f
    public const byte FixedString = 0xa0; // to 0xbf
    public const byte Nil = 0xc0;
    public const byte False = 0xc2;
    public const byte True = 0xc3;
    public const byte Binary8 = 0xc4;
    public const byte Binary32 = 0xc6;
    public const byte Extension8 = 0xc7;
    public const byte Extension32 = 0xc9;
    public const byte Float32 = 0xca;
    public const byte Float64 = 0xcb;
    public const byte UInt8 = 0xcc;
    public const byte UInt16 = 0xcd;
    public const byte UInt32 = 0xce;
    public const byte UInt64 = 0xcf;
    public const byte Int8 = 0xd0;
    public const byte Int16 = 0xd1;
    public const byte Int32 = 0xd2;
    public const byte Int64 = 0xd3;
    public const byte FixedExtension1 = 0xd4;
    public const byte FixedExtension16 = 0xd8;
    public const byte String8 = 0xd9;
    public const byte String32 = 0xdb;
    public const byte Array16 = 0xdc;
    public const byte Array32 = 0xdd;
    public const byte Map16 = 0xde;

    /// <summary>How many bytes a number of this form has behind its first one.</summary>
    public static byte WidthOf(byte first) => first switch
    {
        UInt8 or Int8 => 1,
        UInt16 or Int16 => 2,
        UInt32 or Int32 or Float32 => 4,
        _ => 8,
    };

    /// <summary>How many bytes tell the length of a block, or the count of a container, of this form.</summary>
    public static int LengthWidthOf(byte first) => first switch
    {
        Binary8 or Extension8 or String8 => 1,
        Binary8 + 1 or Extension8 + 1 or String8 + 1 or Array16 or Map16 => 2,
        _ => 4,
    };
}
