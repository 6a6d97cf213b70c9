using Microsoft.Extensions.Logging;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Protocols.Punch;
using Plexus.Sockets;

namespace Plexus.Passages;

/// <summary>The open path: one socket whose NAT mapping reaches the peer, kept alive until a payload has it.</summary>
/// <remarks>Dispose it, or hand it to a payload, which then owns it. It serves one payload only.</remarks>
public sealed class Passage : IAsyncDisposable
{
    private readonly ExploredSocket _socket;
    private readonly PunchHandshake _handshake;
    private readonly Identity _host;
    private readonly Identity _peer;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _keepAlive;
    private int _consumed;

    internal Passage(
        ExploredSocket socket, PunchHandshake handshake, PassageTicket ticket, Identity host, Identity peer, TimeProvider clock, ILogger logger)
    {
        (_socket, _handshake, Ticket) = (socket, handshake, ticket);
        (_host, _peer, _clock, _logger) = (host, peer, clock, logger);
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
        Consume();
        await _settled.Task;
        await CloseAsync();
        return Ticket;
    }

    /// <summary>Who is at the other end.</summary>
    internal Identity Peer => _peer;

    /// <summary>Our part in the punching.</summary>
    internal PunchRole Role => _handshake.Plan.Role;

    internal TimeProvider Clock => _clock;

    internal ILogger Logger => _logger;

    /// <summary>Gives the open socket to a payload of this process, at once: what the handshake still has to say goes out beside it.</summary>
    /// <exception cref="InvalidOperationException">A payload has the passage already.</exception>
    internal async Task<HandedPassage> HandOverAsync()
    {
        Consume();
        try
        {
            await StopAsync();
            IDatagramSocket socket = await _socket.Pump.DetachAsync();
            if (!_handshake.PeerSource.Equals(_handshake.Peer)) socket = new TwoWaySocket(socket, _handshake.PeerSource, _handshake.Peer);
            HandshakeCompanion companion = new(_handshake, _socket.Pump.Now.SinceStart);
            return new HandedPassage(socket, companion, _handshake.Plan.Role, Ticket, _host, _peer, _clock, _logger, _socket);
        }
        catch
        {
            await _socket.DisposeAsync();
            throw;
        }
    }

    /// <summary>Closes the path, unless a payload has it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _consumed, 1) == 0) await CloseAsync();
    }

    private void Consume()
    {
        if (Interlocked.Exchange(ref _consumed, 1) != 0) throw new InvalidOperationException("The passage has its payload.");
    }

    private async Task CloseAsync()
    {
        await StopAsync();
        await _socket.DisposeAsync();
    }

    private async Task StopAsync()
    {
        _stop.Cancel(); // Not CancelAsync, which would go to the thread pool.
        await _keepAlive.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
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
