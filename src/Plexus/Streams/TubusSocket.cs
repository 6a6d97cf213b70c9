using System.Net;
using Microsoft.Extensions.Logging;
using Plexus.Protocols;
using Plexus.Protocols.Tubus;
using Plexus.Sockets;

namespace Plexus.Streams;

/// <summary>A datagram socket that carries streams, one with each peer.</summary>
internal sealed partial class TubusSocket : IAsyncDisposable
{
    private readonly TubusEndpoint _endpoint;
    private readonly BatchPump _pump;
    private readonly ILogger _logger;
    private readonly bool _completesInline;
    private readonly Dictionary<TubusChannel, TubusStream> _streams = []; // inside the pump's gate, as all below
    private readonly StreamWaiter _accepting;
    private readonly Task _loop;
    private bool _isDisposed;

    /// <param name="socket">The socket, which is ours from now on.</param>
    /// <param name="options">For all streams.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">Gets to know of nothing but failures.</param>
    /// <param name="companion">Another core on the socket, whose datagrams are no longer than 16 bytes.</param>
    /// <param name="completesInline">
    /// Whether those who wait for a stream go on at once on the thread that receives. Then they must not block, and gain the time of a
    /// change of threads. On a virtual clock it is always so.
    /// </param>
    public TubusSocket(
        IDatagramSocket socket,
        TubusOptions options,
        TimeProvider clock,
        ILogger logger,
        IDatagramProtocol? companion = null,
        bool completesInline = false)
    {
        LocalEndPoint = socket.LocalEndPoint;
        _logger = logger;
        _completesInline = completesInline || SynchronizationContext.Current is IKeepsContinuations;
        _endpoint = new TubusEndpoint(options, new RandomNumbers().Next);
        IBatchProtocol protocol = companion is null ? _endpoint : new CompanionedProtocol(_endpoint, companion);
        _pump = new BatchPump(socket, protocol, clock, Attend);
        _accepting = new StreamWaiter(_pump.Gate, static () => 0) { CompletesInline = _completesInline };
        _loop = RunAsync();
    }

    /// <summary>The bound address and port.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Opens a stream with a peer that accepts one.</summary>
    /// <exception cref="IOException">The peer did not answer in time.</exception>
    /// <exception cref="InvalidOperationException">There is a stream with this peer.</exception>
    public Task<TubusStream> ConnectAsync(IPEndPoint peer, ulong secret, CancellationToken cancellationToken) =>
        LinkAsync(peer, () => _endpoint.Connect(peer, secret, _pump.Now), cancellationToken);

    /// <summary>Waits for a peer that opens a stream.</summary>
    /// <param name="peer">The peer; null is anyone who knows the secret, from then on until the socket is disposed.</param>
    /// <param name="secret">Masks the datagrams; zero is none.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="IOException">The peer did not come in time. For anyone there is no time.</exception>
    /// <exception cref="InvalidOperationException">There is a stream with this peer.</exception>
    public Task<TubusStream> AcceptAsync(IPEndPoint? peer, ulong secret, CancellationToken cancellationToken) =>
        peer is null
            ? AcceptAnyoneAsync(secret, cancellationToken)
            : LinkAsync(peer, () => _endpoint.Accept(peer, secret, _pump.Now), cancellationToken);

    /// <summary>Ends all streams at once, and closes the socket.</summary>
    public async ValueTask DisposeAsync()
    {
        TubusStream[] streams;
        lock (_pump.Gate)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            streams = [.. _streams.Values];
        }

        foreach (TubusStream stream in streams) await stream.DisposeAsync();
        Attend();
        await _pump.DisposeAsync();
        await _loop;
    }

    /// <summary>A stream has been disposed.</summary>
    internal void Forget(TubusStream stream)
    {
        lock (_pump.Gate) _streams.Remove(stream.Channel);
    }

    private async Task RunAsync()
    {
        try
        {
            await _pump.StartAsync();
        }
        catch (Exception failure)
        {
            LogFailure(failure);
            TubusStream[] streams;
            lock (_pump.Gate) streams = [.. _streams.Values];
            foreach (TubusStream stream in streams) stream.Fail(failure);
        }
    }

    private async Task<TubusStream> LinkAsync(IPEndPoint peer, Func<TubusChannel> open, CancellationToken cancellationToken)
    {
        TubusStream stream;
        lock (_pump.Gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            stream = Add(open(), peer);
        }

        _pump.Flush();
        try
        {
            await stream.LinkAsync(cancellationToken);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private async Task<TubusStream> AcceptAnyoneAsync(ulong secret, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_pump.Gate)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                _endpoint.Listen(secret);
                if (_endpoint.TryTakeAccepted(out TubusChannel? channel, out IPEndPoint? peer)) return Add(channel, peer);
                if (_accepting.IsPending) throw new InvalidOperationException("One accept at a time.");
                _accepting.Begin();
            }

            await _accepting.WithoutResult(cancellationToken);
        }
    }

    private TubusStream Add(TubusChannel channel, IPEndPoint peer)
    {
        TubusStream stream = new(this, _pump, channel, peer, _completesInline);
        _streams.Add(channel, stream);
        return stream;
    }

    /// <summary>Lets those go on who wait for what the core has got or sent.</summary>
    private void Attend()
    {
        while (true)
        {
            TubusStream? stream;
            lock (_pump.Gate)
            {
                if (!_endpoint.TryTakeAttention(out TubusChannel? channel)) break;
                _streams.TryGetValue(channel, out stream);
            }

            stream?.Attend();
        }

        bool accepts;
        lock (_pump.Gate) accepts = (_endpoint.HasAccepted || _isDisposed) && _accepting.TryDecide();
        if (accepts) _accepting.Complete();
    }

    [LoggerMessage(700, LogLevel.Error, "A stream's socket has failed")]
    private partial void LogFailure(Exception failure);
}
