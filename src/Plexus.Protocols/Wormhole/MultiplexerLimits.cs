namespace Plexus.Protocols.Wormhole;

/// <summary>What one tunnel may cost, and how patient it is.</summary>
internal sealed record MultiplexerLimits
{
    /// <summary>Connections open at once.</summary>
    public int Connections { get; init; } = 1024;

    /// <summary>Credit framing: what the peer may send on a new connection before it is allowed more. 1,024 stalled readers then cost 64 MiB.</summary>
    public int Window { get; init; } = 64 << 10;

    /// <summary>Credit framing: how far a window grows while its reader keeps up: 16 MiB fill 1.3 Gbit/s at 100 ms.</summary>
    public int LargestWindow { get; init; } = 16 << 20;

    /// <summary>Credit framing: how far all windows together grow beyond their first size.</summary>
    public long Growth { get; init; } = 64 << 20;

    /// <summary>Classic framing: bytes that may wait for one TCP receiver before the whole tunnel stops reading.</summary>
    public long ConnectionBacklog { get; init; } = 16 << 20;

    /// <summary>Classic framing: bytes that may wait for all TCP receivers.</summary>
    public long TunnelBacklog { get; init; } = 64 << 20;

    /// <summary>Classic framing: how long one receiver may stop a tunnel that others use.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Classic framing: how long the only connection that an exporter knows may stop a tunnel: new ones could be waiting unseen.</summary>
    public TimeSpan LonelyStallLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Classic framing: after the local side has ended, how long the other direction must be quiet before the connection is
    /// closed; zero closes at once.
    /// </summary>
    public TimeSpan HalfCloseQuiet { get; init; } = TimeSpan.FromSeconds(10);
}
