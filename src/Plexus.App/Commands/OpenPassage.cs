using Plexus.Passages;
using Plexus.Tunnels;

namespace Plexus.App.Commands;

/// <summary>A passage as the classic run needs it.</summary>
/// <param name="Ticket">Both ends.</param>
/// <param name="ReleaseAsync">Closes its socket, so that a program can take the passage over.</param>
/// <param name="OpenTunnelAsync">Opens a tunnel over it, for ports that outlive the tunnel.</param>
internal sealed record OpenPassage(
    PassageTicket Ticket,
    Func<Task<PassageTicket>> ReleaseAsync,
    Func<TunnelOptions, ImportPorts, CancellationToken, Task<Tunnel>> OpenTunnelAsync);
