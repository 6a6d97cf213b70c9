using System.Net;
using Microsoft.Extensions.Logging;
using Plexus.Protocols;
using Plexus.Protocols.Kademlia;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>A node's half in one address family: its socket, its pump and its core.</summary>
/// <remarks>
/// The cores of both families know each other, so one lock guards both, and one origin of time serves both: the
/// pump's own time differs from it by a constant.
/// </remarks>
internal sealed class DhtFamily : IDatagramProtocol, IAsyncDisposable
{
    private readonly DatagramPump _pump;
    private readonly Lock _gate;
    private readonly TimeSpan _offset;
    private readonly ILogger _logger;

    /// <param name="socket">Its socket, from now on this object's.</param>
    /// <param name="options">What the core is told.</param>
    /// <param name="gate">The lock of both families.</param>
    /// <param name="fillWithRandom">The core's randomness.</param>
    /// <param name="clock">The clock of pump and core.</param>
    /// <param name="start">The timestamp that is zero for both cores.</param>
    /// <param name="logger">Where failed callbacks are told.</param>
    public DhtFamily(
        IDatagramSocket socket,
        KademliaOptions options,
        Lock gate,
        Action<Span<byte>> fillWithRandom,
        TimeProvider clock,
        long start,
        ILogger logger)
    {
        _pump = new DatagramPump(socket, clock);
        _gate = gate;
        _logger = logger;
        Instant now = new(clock.GetElapsedTime(start));
        _offset = _pump.Now - now;
        IsClient = options.IsClient;
        Node = new KademliaNode(options, fillWithRandom, now)
        {
            UnixTimeAtStart = clock.GetUtcNow().ToUnixTimeSeconds() - (long)now.SinceStart.TotalSeconds,
        };
    }

    /// <summary>The core. Touch it only inside the gate.</summary>
    public KademliaNode Node { get; }

    /// <summary>The other family's half.</summary>
    public DhtFamily? Sibling { get; set; }

    public IPEndPoint LocalEndPoint => _pump.Socket.LocalEndPoint;

    public bool IsClient { get; }

    /// <summary>The local address towards the internet when it was last looked at.</summary>
    public IPAddress? LocalAddress { get; set; }

    /// <summary>The time of both cores.</summary>
    public Instant Now => _pump.Now - _offset;

    Instant? IDatagramProtocol.Deadline
    {
        get
        {
            lock (_gate) return Node.Deadline is { } deadline ? deadline + _offset : null;
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _pump.RunAsync(this, static _ => false, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && cancellationToken.IsCancellationRequested)
        {
            // The node was told to stop.
        }
        catch (Exception e)
        {
            DhtLog.Stopped(_logger, e, LocalEndPoint);
        }
    }

    /// <summary>Asks the core something that changes nothing.</summary>
    public T Query<T>(Func<KademliaNode, Instant, T> query)
    {
        lock (_gate) return query(Node, Now);
    }

    /// <summary>Gives the core a command, and has its datagrams sent.</summary>
    public T Command<T>(Func<KademliaNode, Instant, T> command)
    {
        T result;
        lock (_gate)
        {
            result = command(Node, Now);
            TakeEvents();
        }

        _pump.Wake();
        return result;
    }

    void IDatagramProtocol.OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        lock (_gate)
        {
            Node.OnDatagram(datagram, from, now - _offset);
            TakeEvents();
        }

        Sibling?._pump.Wake(); // It may have learned of nodes of its own family.
    }

    void IDatagramProtocol.OnDeadline(Instant now)
    {
        lock (_gate)
        {
            Node.OnDeadline(now - _offset);
            TakeEvents();
        }
    }

    bool IDatagramProtocol.TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        lock (_gate)
        {
            bool isDue = Node.TryTransmit(buffer, now - _offset, out transmit);
            TakeEvents();
            return isDue;
        }
    }

    public ValueTask DisposeAsync() => _pump.DisposeAsync();

    private void TakeEvents()
    {
        while (Node.TryTakeEvent(out KademliaEvent happened))
        {
            try
            {
                (happened.Operation.Tag as DhtOperation)?.OnEvent(this, happened);
            }
            catch (Exception e)
            {
                DhtLog.CallbackFailed(_logger, e); // One result is lost, not the node.
            }
        }
    }
}
