namespace Plexus.Protocols.Wormhole;

/// <summary>What the carrier has brought. The data are good until the next call.</summary>
internal readonly ref struct TunnelEvent
{
    public required TunnelEventKind Kind { get; init; }

    /// <summary>The connection; null where it is about the tunnel.</summary>
    public MultiplexedConnection? Connection { get; init; }

    public ReadOnlySpan<byte> Data { get; init; }

    public TunnelReason Reason { get; init; }

    /// <summary>What the peer says about the reason; from the network.</summary>
    public string? Text { get; init; }
}
