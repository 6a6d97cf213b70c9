namespace Plexus.Protocols.MessagePack;

/// <summary>What the next MessagePack object is, judged by its first byte.</summary>
internal enum MessagePackKind
{
    /// <summary>No byte is left, or the byte 0xc1, which the format never uses.</summary>
    None,
    Nil,
    Boolean,

    /// <summary>An integer of any width and sign.</summary>
    Integer,
    Float,
    String,
    Binary,
    Array,
    Map,
    Extension,
}
