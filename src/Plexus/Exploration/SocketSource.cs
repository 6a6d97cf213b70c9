using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>Gives each attempt its explored socket, and keeps one ahead of the next invitation.</summary>
internal sealed class SocketSource(IDatagramNetwork network, PlexusHostOptions options, TimeProvider clock, ILogger logger)
{
    /// <summary>30 s between tries while no STUN server answers.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(30);

    private readonly NatExplorer _explorer = new(network, clock, logger);
    private readonly Turnstile _turns = new();
    private readonly Turnstile _keeper = new(); // Of several enumerations one keeps the spare for all.
    private readonly Signal _spareTaken = new();
    private ExploredSocket? _spare;

    // A chosen port can serve only one attempt at a time: with address reuse the attempts would steal each other's datagrams.
    private bool HasOnePort => options.LocalEndPoint.Port != 0;

    /// <summary>Opens and explores a socket, or gives the one that was explored ahead.</summary>
    /// <exception cref="PlexusException">The endpoint cannot be bound, or no STUN server answered.</exception>
    public async Task<ExploredSocket> OpenAsync(string role, CancellationToken cancellationToken)
    {
        using StageTimer stage = new(PlexusStage.Exploration, role, clock);
        ExploredSocket? spare = Interlocked.Exchange(ref _spare, null);
        _spareTaken.Set();
        if (spare is { IsKept: false })
        {
            await spare.DisposeAsync();
            spare = null;
        }

        ExploredSocket socket = spare ?? await ExploreAsync(cancellationToken);
        ExplorationLog.Known(logger, socket.Outer, socket.Inner, stage.Milliseconds);
        return socket;
    }

    /// <summary>Keeps a socket explored ahead, until cancelled, so that an invitation is answered without asking first.</summary>
    public async Task KeepSpareAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _keeper.EnterAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return; // The host stops.
        }

        try
        {
            while (!HasOnePort)
            {
                TimeSpan pause = Timeout.InfiniteTimeSpan;
                try
                {
                    _spare ??= await ExploreAsync(cancellationToken);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    pause = RetryPause;
                    ExplorationLog.NoSpare(logger, pause.TotalSeconds, e.Message);
                }

                await _spareTaken.WaitAsync(pause, clock, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
        finally
        {
            if (Interlocked.Exchange(ref _spare, null) is { } spare) await spare.DisposeAsync();
            _keeper.Leave();
        }
    }

    private async Task<ExploredSocket> ExploreAsync(CancellationToken cancellationToken)
    {
        Action closed = static () => { };
        if (HasOnePort)
        {
            await _turns.EnterAsync(cancellationToken);
            closed = _turns.Leave;
        }

        DatagramPump? pump = null;
        try
        {
            pump = new DatagramPump(Bind(), clock);
            RunningExploration exploration = await _explorer.StartAsync(pump, options.StunServers, cancellationToken);
            await exploration.OuterAsync(cancellationToken);
            return new ExploredSocket(pump, exploration, closed);
        }
        catch
        {
            if (pump is not null) await pump.DisposeAsync();
            closed();
            throw;
        }
    }

    private IDatagramSocket Bind()
    {
        try
        {
            return network.Open(options.LocalEndPoint);
        }
        catch (SocketException e)
        {
            throw new PlexusException(
                PlexusStage.Exploration,
                $"The local endpoint {options.LocalEndPoint} cannot be bound ({e.SocketErrorCode}): another program has it, perhaps the command of an "
                + "earlier passage, or the address is not this machine's; choose another one with --stun-client.",
                e);
        }
    }
}
