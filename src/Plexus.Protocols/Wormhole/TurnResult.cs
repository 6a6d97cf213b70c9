namespace Plexus.Protocols.Wormhole;

/// <summary>What the local side had when it was its turn to send.</summary>
internal enum TurnResult
{
    /// <summary>There may be more: it gets another turn.</summary>
    More,

    /// <summary>Nothing more now: <see cref="Multiplexer.Ready"/> brings its next turn.</summary>
    Drained,

    /// <summary>Nothing more ever: the end of the local side's stream.</summary>
    End,
}
