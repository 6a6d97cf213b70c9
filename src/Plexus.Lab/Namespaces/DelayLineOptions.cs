namespace Plexus.Lab.Namespaces;

/// <summary>What a line does to the packets on it, in each direction alike.</summary>
internal sealed record DelayLineOptions
{
    /// <summary>Delay of one direction, 0 to 10 s.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The part of the packets that is lost, 0 to 1; each one independently.</summary>
    public double Loss { get; init; }

    /// <summary>Bits of IP packets a second; 0 is without limit.</summary>
    public long BitsPerSecond { get; init; }

    /// <summary>How much may wait for the rate, in bytes; what comes on top is dropped. The default is a usual router's.</summary>
    public int QueueBytes { get; init; } = 256 * 1024;

    /// <summary>What the losses are drawn from: the same seed loses the same packets.</summary>
    public int Seed { get; init; } = 1;
}
