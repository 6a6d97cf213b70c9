namespace Plexus.Protocols.Wormhole;

/// <summary>The two sides of the classic framing.</summary>
internal enum TunnelSide
{
    /// <summary>Reaches the TCP server.</summary>
    Exporter,

    /// <summary>Listens for TCP clients, and opens a connection for each.</summary>
    Importer,
}
