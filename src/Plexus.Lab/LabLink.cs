namespace Plexus.Lab;

/// <summary>The line between a node and the middle of its segment, the same in both directions.</summary>
internal sealed record LabLink
{
    /// <summary>A line inside one building.</summary>
    public static LabLink Lan { get; } = new() { Latency = TimeSpan.FromMilliseconds(0.2), Hops = 0 };

    /// <summary>A line to the core of the internet: between two of them lie 8 routers and 20 ms.</summary>
    public static LabLink Wan { get; } = new() { Latency = TimeSpan.FromMilliseconds(10), Hops = 4 };

    /// <summary>The time that a datagram takes at least.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>The most that chance adds to <see cref="Latency"/>, evenly spread. It may change the order.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>The routers on the way, each of which takes one off a datagram's time-to-live.</summary>
    public int Hops { get; init; }

    /// <summary>The part of the datagrams that is lost, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>The part of the datagrams that arrives twice, 0 to 1.</summary>
    public double Duplication { get; init; }

    /// <summary>The part of the datagrams that is held back by <see cref="ReorderingDelay"/>, 0 to 1.</summary>
    public double Reordering { get; init; }

    /// <summary>How long a datagram is held back.</summary>
    public TimeSpan ReorderingDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The line's speed in each direction; null is without limit.</summary>
    public long? BitsPerSecond { get; init; }

    /// <summary>How long a datagram may wait for a busy line before it is dropped.</summary>
    public TimeSpan LongestQueue { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The largest IP packet, in bytes, that passes whole; larger ones are dropped without a word unless they may be cut. Null is without limit.</summary>
    public int? Mtu { get; init; }
}
