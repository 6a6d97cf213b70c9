namespace Plexus.Protocols.Stun;

/// <summary>How long a <see cref="MappingDiscovery"/> waits, and how often it asks again.</summary>
internal sealed record MappingDiscoveryOptions
{
    /// <summary>How long a server may take. The default is 4.6 s, as in the original.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(4.6);

    /// <summary>How long after the first answer a second server may take to confirm it. The default is 100 ms: a liar is rare.</summary>
    public TimeSpan Confirmation { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long after the first answer the others still count before the result is called settled. The default is 1.5 s.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>How long the datagram to ourselves may take. The default is 1.4 s, as in the original.</summary>
    public TimeSpan HairpinLimit { get; init; } = TimeSpan.FromSeconds(1.4);

    /// <summary>How often a server is asked again. The default is 20 s: many NATs forget a mapping after 30 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(20);
}
