namespace Plexus.Protocols.Tubus;

/// <summary>What a section of a datagram says: docs/protocols/tubus.md. An echo has the lowest bit set. Other types are skipped.</summary>
internal enum TubusSectionType : ushort
{
    /// <summary>Ends the list of sections.</summary>
    None = 0,

    /// <summary>Asks for a channel.</summary>
    Link = 2,

    /// <summary>Grants it, in every state.</summary>
    LinkEcho = 3,

    /// <summary>Ends the channel, both directions.</summary>
    Tear = 4,

    TearEcho = 5,

    /// <summary>Asks for a sign of life; the value is the asker's own.</summary>
    Ping = 6,

    PingEcho = 7,

    /// <summary>Carries data: the stream offset of the first octet, and one octet or more.</summary>
    Move = 8,

    /// <summary>Acknowledges a move by its offset.</summary>
    MoveEcho = 9,

    /// <summary>Tells the stream offset up to which data is taken.</summary>
    Edge = 10,

    EdgeEcho = 11,

    /// <summary>Ours: goes with a link or its echo and says that its sender reads the other ones. The original skips them all.</summary>
    Extension = 0x5040,

    /// <summary>Ours: fills a probe of the path's MTU.</summary>
    Padding = 0x5041,

    /// <summary>Ours: tells what has arrived, so that the loss of an echo harms nobody.</summary>
    Arrived = 0x5042,

    /// <summary>Ours: goes with a tear and tells how long the stream was, so that nobody takes a part for the whole.</summary>
    Final = 0x5043,
}
