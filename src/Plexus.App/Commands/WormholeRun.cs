using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Plexus.App.Settings;
using Plexus.Protocols.Tubus;
using Plexus.Protocols.Wormhole;
using Plexus.Sockets;
using Plexus.Streams;
using Plexus.Tunnels;

namespace Plexus.App.Commands;

/// <summary>The stand-alone tunnel: one service, one peer, over datagrams between two endpoints; docs/wormhole.md says how it ends.</summary>
internal sealed class WormholeRun(WormholeSettings settings, Interrupts interrupts, ILogger logger, TimeProvider clock)
{
    // What the peer has not taken after it is lost: a program that was asked to stop is gone within a second.
    private static readonly TimeSpan StopTime = TimeSpan.FromMilliseconds(700);

    private readonly TubusOptions _tubus = settings.Tubus.Tune(new TubusOptions());

    /// <summary>Carries the service until a signal comes.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="PlexusException">There is no tunnel, or it has ended.</exception>
    /// <exception cref="OperationCanceledException">A signal came before there was a tunnel.</exception>
    public async Task<int> RunAsync()
    {
        if (settings.IsSecretOnShow) WormholeLog.SecretOnShow(logger);
        IPEndPoint faraway = await FarawayAsync();
        TunnelService service = new("", TunnelProtocol.Tcp, settings.Service);
        TunnelOptions options = settings.IsExporter ? new() { Exports = [service] } : new() { Imports = [service] };
        using ImportPorts ports = await PortsAsync(options);
        while (await CarryAsync(faraway, options, ports)) WormholeLog.Again(logger, faraway);
        return ExitCodes.Success;
    }

    /// <summary>One tunnel, from its link to its end.</summary>
    /// <returns>Whether another one is worth a try: the peer has fallen silent, so that it may have been started anew or moved back into reach.</returns>
    private async Task<bool> CarryAsync(IPEndPoint faraway, TunnelOptions options, ImportPorts ports)
    {
        await using TubusSocket socket = Open();
        await using TubusStream line = await LinkAsync(socket, faraway);
        await using Tunnel tunnel = await Tunnel.OpenAsync(line, TunnelFraming.Classic, options, ports, clock, logger);
        if (settings.IsExporter) WormholeLog.Exporting(logger, faraway, settings.Service.ToString());
        else WormholeLog.Importing(logger, faraway, ports.Imports[0].LocalEndPoint);

        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (interrupts.Token.Register(asked.SetResult))
        {
            await Task.WhenAny(tunnel.Completed, asked.Task);
        }

        if (asked.Task.IsCompleted)
        {
            WormholeLog.Stopping(logger);
            await CloseAsync(line);
            return false;
        }

        if (line.Channel.End == TubusEnd.PeerSilent) return true;
        throw Failure($"The tunnel with {faraway} has ended: {Reason(line, tunnel)} Start both sides again; through a NAT they need a new passage.");
    }

    private async Task<TubusStream> LinkAsync(TubusSocket socket, IPEndPoint faraway)
    {
        if (settings.IsExporter) WormholeLog.Accepting(logger, socket.LocalEndPoint, faraway);
        else WormholeLog.Connecting(logger, socket.LocalEndPoint, faraway);
        try
        {
            return settings.IsExporter
                ? await socket.AcceptAsync(faraway, settings.Secret, interrupts.Token)
                : await socket.ConnectAsync(faraway, settings.Secret, interrupts.Token);
        }
        catch (IOException e)
        {
            double seconds = (settings.IsExporter ? _tubus.AcceptTimeout : _tubus.ConnectTimeout).TotalSeconds;
            throw Failure($"No tunnel with {faraway} within {seconds:0} s: {e.Message} The other side must run at the same time, in the other role and with the same secret.", e);
        }
    }

    private TubusSocket Open()
    {
        try
        {
            return new TubusSocket(UdpNetwork.Instance.Open(settings.Gateway), _tubus, clock, logger, companion: null, completesInline: true);
        }
        catch (SocketException e)
        {
            throw new PlexusException(
                PlexusStage.Settings, $"{WormholeOptions.Gateway.Dashed}: {settings.Gateway} cannot be bound: {ServiceAddress.ReasonOf(e.SocketErrorCode)}.", e);
        }
    }

    private async Task<IPEndPoint> FarawayAsync()
    {
        string reason;
        try
        {
            IPEndPoint[] found = await settings.Faraway.ResolveAsync(UdpNetwork.Instance, settings.Gateway.AddressFamily, interrupts.Token);
            if (found.Length > 0) return found[0];
            reason = $"it has no address of the kind of {WormholeOptions.Gateway.Dashed}, {settings.Gateway.Address}";
        }
        catch (SocketException e)
        {
            reason = ServiceAddress.ReasonOf(e.SocketErrorCode);
        }

        throw new PlexusException(PlexusStage.Settings, $"{WormholeOptions.Faraway.Dashed}: {settings.Faraway} cannot be used: {reason}.");
    }

    private async Task<ImportPorts> PortsAsync(TunnelOptions options)
    {
        try
        {
            return await ImportPorts.BindAsync(options.Imports, interrupts.Token);
        }
        catch (PlexusException e)
        {
            throw new PlexusException(e.Stage, $"{WormholeOptions.Service.Dashed}: {e.Message}", e);
        }
    }

    /// <summary>Lets what is on its way arrive, and tells the peer that this is the end.</summary>
    private async Task CloseAsync(TubusStream line)
    {
        using CancellationTokenSource limit = new(StopTime, clock);
        try
        {
            await line.CloseAsync(limit.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer takes no more, and it ends all the same.
        }
    }

    private static string Reason(TubusStream line, Tunnel tunnel) => line.Channel.End switch
    {
        TubusEnd.ClosedByPeer => "The peer has closed it.",
        { } end when StreamEnd.Text(end) is { } text => text,
        _ => tunnel.Completed.Exception?.InnerException?.Message ?? "The stream has failed.",
    };

    private static PlexusException Failure(string message, Exception? cause = null) => new(PlexusStage.Payload, message, cause);
}
