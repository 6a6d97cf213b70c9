using Plexus.Exploration;
using Plexus.Protocols.Punch;
using Plexus.Sockets;

namespace Plexus.Passages;

/// <summary>The open path: one socket whose NAT mapping reaches the peer, kept alive until a payload has it.</summary>
/// <remarks>Dispose it, or hand it to a payload, which then owns it. It serves one payload only.</remarks>
public sealed class Passage : IAsyncDisposable
{
    private readonly ExploredSocket _socket;
    private readonly PunchHandshake _handshake;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _keepAlive;
    private int _consumed;

    internal Passage(ExploredSocket socket, PunchHandshake handshake, PassageTicket ticket)
    {
        (_socket, _handshake, Ticket) = (socket, handshake, ticket);
        _keepAlive = KeepAliveAsync();
    }

    /// <summary>Both ends' addresses, the secret, and who they are.</summary>
    public PassageTicket Ticket { get; }

    /// <summary>Closes the socket and frees its port, so that a launched program can take the passage over at once.</summary>
    /// <remarks>
    /// It first lets the handshake's last confirmations leave, about 100 ms for the inviter. The NAT's mapping outlives
    /// the socket: the program has at least the NAT's shortest idle time, commonly 30 seconds, to send its first datagram.
    /// </remarks>
    /// <exception cref="InvalidOperationException">A payload has the passage already.</exception>
    public async Task<PassageTicket> ReleaseAsync()
    {
        await CallerContext.Leave();
        if (Interlocked.Exchange(ref _consumed, 1) != 0) throw new InvalidOperationException("The passage has its payload.");
        await _settled.Task;
        await CloseAsync();
        return Ticket;
    }

    /// <summary>Closes the path, unless a payload has it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _consumed, 1) == 0) await CloseAsync();
    }

    private async Task CloseAsync()
    {
        _stop.Cancel(); // Not CancelAsync, which would go to the thread pool.
        await _keepAlive.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await _socket.DisposeAsync();
        _stop.Dispose();
    }

    private async Task KeepAliveAsync()
    {
        try
        {
            await _socket.Pump.RunAsync(_handshake, static handshake => handshake.IsSettled, _stop.Token);
            _settled.TrySetResult();
            await _socket.Pump.RunAsync(_handshake, static _ => false, _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The passage has been handed over or closed.
        }
        finally
        {
            _settled.TrySetResult();
        }
    }
}
