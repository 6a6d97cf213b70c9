using System.Net;
using Microsoft.Extensions.Logging;

namespace Plexus.Tunnels;

/// <summary>A local port that leads to a service of the peer. It outlives a tunnel, so that clients find it while the next one is made.</summary>
internal interface IImport : IDisposable
{
    TunnelService Service { get; }

    /// <summary>Where clients find it.</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>Serves clients until cancelled.</summary>
    Task ServeAsync(Carrier carrier, TunnelOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken);
}
