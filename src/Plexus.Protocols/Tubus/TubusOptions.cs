using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tubus;

/// <summary>Sizes, limits and patience of a channel.</summary>
internal sealed record TubusOptions
{
    /// <summary>The largest datagram that is ever tried, as UDP payload in bytes, 1,200 to 65,507.</summary>
    public int LargestDatagram { get; init; } = TubusPacket.LongestDatagram;

    /// <summary>Whether our own sections are offered to the peer. Only after both introductions have told that each side is ours; it uses them only when it offers them as well.</summary>
    public bool Extends { get; init; }

    /// <summary>What decides how much is sent. The default was chosen by measurement: docs/decisions/0004-congestion.md.</summary>
    public CongestionAlgorithm Congestion { get; init; } = CongestionAlgorithm.Bbr;

    /// <summary>How often a quiet path is asked for a sign of life: half of the 30 s after which NATs commonly forget a mapping.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a linked peer may be silent. The original's 35 s are too short for a bad network.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long a connector asks for a link; the original's.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an acceptor waits for a link; the original's.</summary>
    public TimeSpan AcceptTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a close waits for the peer to take what was written, counted from its last progress or the close.</summary>
    public TimeSpan FlushTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a tear is repeated until its echo comes; the original's.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The most fragments in flight; null leaves it to congestion control. The original has 48.</summary>
    public int? FlightLimit { get; init; }

    /// <summary>The most transmissions of one fragment before the channel fails; null is without limit. The original has 32.</summary>
    public int? MoveAttempts { get; init; }

    /// <summary>The receive window in the beginning, in bytes; the original's for all time.</summary>
    public int InitialReceiveBuffer { get; init; } = 5 * 1024 * 1024;

    /// <summary>The most that the receive window may grow to, in bytes. What a reader that stalls may cost.</summary>
    public int ReceiveBuffer { get; init; } = 64 * 1024 * 1024;

    /// <summary>The most that may be written and not acknowledged, in bytes.</summary>
    public int SendBuffer { get; init; } = 64 * 1024 * 1024;

    /// <summary>The most that may be written and not yet sent, in bytes: short, so that several users of a stream share it without queues.</summary>
    public int UnsentLimit { get; init; } = 256 * 1024;
}
