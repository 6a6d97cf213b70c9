using Microsoft.Extensions.Logging;
using Plexus.App.Settings;
using Plexus.Identities;
using Plexus.Tunnels;

namespace Plexus.App.Commands;

/// <summary>The classic run with a tunnel: each passage carries one; docs/tunnel.md.</summary>
internal sealed class TunnelRun(
    ClassicSettings settings, TunnelSettings tunnels, IPassageSource passages, Interrupts interrupts, ILogger logger, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Tunnel, IdentityName> _open = [];

    /// <summary>Runs the role of the settings.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="PlexusException">The run failed, or the inviter's tunnel has ended.</exception>
    /// <exception cref="OperationCanceledException">A signal ended the inviter's tunnel.</exception>
    public async Task<int> RunAsync()
    {
        // Bound now, a port that is taken costs no passage, and early clients wait in line.
        using ImportPorts ports = await ImportPorts.BindAsync(tunnels.HasFixedPorts ? tunnels.FixedImports : [], interrupts.Token);
        await using TunnelStatus? status = tunnels.ShowsStatus ? new(Reports, logger, clock) : null;
        return settings.Accept
            ? await new Acceptance(settings, passages, interrupts, logger, clock).RunAsync(passage => ServeAsync(passage, ports), StopAsync)
            : await InviteAsync(ports);
    }

    private async Task<int> InviteAsync(ImportPorts ports)
    {
        OpenPassage passage = await passages.InviteAsync(interrupts.Token);
        await ServeAsync(passage, ports);
        interrupts.Token.ThrowIfCancellationRequested();
        return ExitCodes.Success;
    }

    private async Task ServeAsync(OpenPassage passage, ImportPorts ports)
    {
        IdentityName peer = passage.Ticket.Peer;
        if (tunnels.Imports.Count > 0) await GiveWayAsync(peer);
        (TunnelOptions options, ImportPorts? ownPorts) = await PrepareAsync(passage);
        using ImportPorts? closing = ownPorts;
        Tunnel tunnel = await passage.OpenTunnelAsync(options, ownPorts ?? ports, interrupts.Token);
        lock (_lock) _open.Add(tunnel, peer);
        try
        {
            await using CancellationTokenRegistration registration = interrupts.Token.Register(() => _ = tunnel.DisposeAsync().AsTask());
            await tunnel.Completed;
        }
        finally
        {
            lock (_lock) _open.Remove(tunnel);
            await Task.WhenAny(tunnel.DisposeAsync().AsTask(), Task.Delay(Acceptance.StopTime, clock));
        }
    }

    /// <summary>What this passage's tunnel offers, with ports of its own where they depend on the passage.</summary>
    private async Task<(TunnelOptions Options, ImportPorts? OwnPorts)> PrepareAsync(OpenPassage passage)
    {
        try
        {
            TunnelOptions options = tunnels.For(passage.Ticket);
            return (options, tunnels.HasFixedPorts ? null : await ImportPorts.BindAsync(options.Imports, interrupts.Token));
        }
        catch
        {
            await passage.ReleaseAsync(); // It has no payload.
            throw;
        }
    }

    /// <summary>A peer that comes again has lost its earlier tunnel, whose ports it needs.</summary>
    private async Task GiveWayAsync(IdentityName peer)
    {
        Tunnel[] earlier;
        lock (_lock) earlier = [.. _open.Where(one => one.Value == peer).Select(one => one.Key)];
        foreach (Tunnel tunnel in earlier)
        {
            ClassicLog.TunnelGaveWay(logger, peer);
            await tunnel.DisposeAsync();
        }
    }

    private async Task StopAsync()
    {
        Tunnel[] open;
        lock (_lock) open = [.. _open.Keys];
        await Task.WhenAll(open.Select(tunnel => tunnel.DisposeAsync().AsTask()));
    }

    private List<(IdentityName Peer, TunnelReport Report)> Reports()
    {
        lock (_lock) return [.. _open.Select(one => (one.Value, one.Key.Report))];
    }
}
