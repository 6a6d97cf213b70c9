using System.Net;
using Plexus.Protocols.Stun;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>One socket, what the world sees of it, and the exploring that goes on beside the rendezvous.</summary>
/// <remarks>
/// Its outer endpoint is there from the beginning. Classification, and the questions that keep the NAT's mapping alive,
/// go on in the background until the punching begins. Whoever holds it disposes it.
/// </remarks>
internal sealed class ExploredSocket : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly MappingDiscovery _discovery;
    private readonly Action _closed;
    private readonly Task _keeping;
    private int _disposed;

    /// <param name="pump">The socket; owned from now on.</param>
    /// <param name="exploration">Its exploration, which has an outer endpoint.</param>
    /// <param name="closed">Told once when the socket has been closed.</param>
    public ExploredSocket(DatagramPump pump, RunningExploration exploration, Action closed)
    {
        (Pump, _discovery, _closed) = (pump, exploration.Discovery, closed);
        _keeping = KeepAsync(exploration);
    }

    public DatagramPump Pump { get; }

    /// <summary>The local endpoint, its address as bound.</summary>
    public IPEndPoint Inner => Pump.Socket.LocalEndPoint;

    /// <summary>The outer endpoint as it is now.</summary>
    public IPEndPoint Outer
    {
        get
        {
            lock (_discovery) return _discovery.Mapped!;
        }
    }

    /// <summary>What is known of this side's NAT so far.</summary>
    public NatBehavior Behavior
    {
        get
        {
            lock (_discovery) return _discovery.Behavior();
        }
    }

    /// <summary>Whether the mapping is being kept; that ends early only when the socket fails.</summary>
    public bool IsKept => !_keeping.IsCompleted;

    /// <summary>Ends the exploring, so that the socket can be punched.</summary>
    public async Task StopExploringAsync()
    {
        if (_disposed == 0) _stop.Cancel();
        await _keeping;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _stop.Cancel();
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await Pump.DisposeAsync();
        _stop.Dispose();
        _closed();
    }

    private async Task KeepAsync(RunningExploration exploration)
    {
        try
        {
            await exploration.KeepAsync(moved: null, _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The punching begins, or the socket was closed.
        }
    }
}
