namespace Plexus.Tunnels;

/// <summary>What is spoken on the carrier.</summary>
internal enum TunnelFraming
{
    /// <summary>That of wormhole 1.2: docs/protocols/wormhole.md.</summary>
    Classic,

    /// <summary>Ours, docs/protocols/tunnel.md, on the inviter's side.</summary>
    Inviter,

    /// <summary>Ours, on the acceptor's side.</summary>
    Acceptor,
}
