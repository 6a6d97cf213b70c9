using Microsoft.Extensions.Logging;
using Plexus.Passages;
using Plexus.Protocols.Punch;
using Plexus.Protocols.Wormhole;
using Plexus.Sockets;
using Plexus.Streams;

namespace Plexus.Tunnels;

/// <summary>Services of one machine on local ports of another, over one passage.</summary>
/// <remarks>
/// It carries any number of TCP connections and UDP flows at once, both ways, each at the speed of its slower end and none in the way of
/// another. It ends with its peer or when it is disposed.
/// </remarks>
public sealed class Tunnel : IAsyncDisposable
{
    private static readonly TimeSpan IntroductionTime = TimeSpan.FromSeconds(15); // The stream below is open: an answer takes a round trip.
    private static readonly TimeSpan DeliveryTime = TimeSpan.FromSeconds(5); // At the end, for bytes that have come and wait for local receivers.
    private static readonly TimeSpan DeliveryPause = TimeSpan.FromMilliseconds(20);

    private readonly Multiplexer _core;
    private readonly Carrier _carrier;
    private readonly TunnelOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly RateMeter _rates;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<bool> _introduced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PlexusStream? _stream;
    private ImportPorts? _ownPorts;
    private int _isDisposed;

    private Tunnel(Stream stream, TunnelFraming framing, TunnelOptions options, ImportPorts ports, TimeProvider clock, ILogger logger)
    {
        (_options, _clock, _logger, _rates) = (options, clock, logger, new RateMeter(clock));
        _stream = stream as PlexusStream;
        _core = MakeCore(framing, options);
        Events events = new(this);
        _carrier = new(stream, _core, events, clock);
        events.Services = new(_carrier, options, clock, logger);
        Completed = RunAsync(ports);
        if (framing == TunnelFraming.Classic) _introduced.TrySetResult(true);
    }

    /// <summary>Ends with the tunnel: well if it was disposed here.</summary>
    /// <exception cref="PlexusException">The peer has ended it, or it was lost; the message tells which.</exception>
    public Task Completed { get; }

    /// <summary>What it has done and is doing.</summary>
    public TunnelReport Report
    {
        get
        {
            (int count, long opened, long sent, long received, TimeSpan? roundTrip) =
                _carrier.Ask(static core => (core.Count, core.Opened, core.Sent, core.Received, core.RoundTrip));
            (double sentRate, double receivedRate) = _rates.Take(sent, received);
            return new(count, opened, sent, received, sentRate, receivedRate, _stream?.Report.RoundTrip ?? roundTrip, _carrier.DatagramsDropped);
        }
    }

    /// <summary>Opens a tunnel over a passage. The peer has to do the same.</summary>
    /// <param name="passage">The passage, which the tunnel owns from now on: it is closed with the tunnel, or if this fails.</param>
    /// <param name="options">What is exported and imported.</param>
    /// <param name="cancellationToken">Stops the opening and closes the passage.</param>
    /// <returns>An open tunnel. The caller disposes it.</returns>
    /// <exception cref="PlexusException">
    /// An option is wrong, or a local port cannot be bound; the peer cannot encrypt and the options do not allow less, or it runs the original and the
    /// options ask for more than one TCP service; it did not open its side in time.
    /// </exception>
    /// <exception cref="InvalidOperationException">A payload has the passage already.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async Task<Tunnel> OpenAsync(Passage passage, TunnelOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(passage);
        ArgumentNullException.ThrowIfNull(options);
        await CallerContext.Leave();
        ImportPorts? ports = null;
        try
        {
            options.Validate();
            ports = await ImportPorts.BindAsync(options.Imports, cancellationToken);
            Tunnel tunnel = await OpenAsync(passage, options, ports, cancellationToken);
            tunnel._ownPorts = ports;
            return tunnel;
        }
        catch
        {
            ports?.Dispose();
            await passage.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a tunnel over a passage, for ports that outlive it.</summary>
    internal static async Task<Tunnel> OpenAsync(Passage passage, TunnelOptions options, ImportPorts ports, CancellationToken cancellationToken)
    {
        const PassageCapabilities Ours = PassageCapabilities.SecureStreams | PassageCapabilities.Multiplexing;
        bool isOurs = (passage.Ticket.AgreedCapabilities & Ours) == Ours;
        (TimeProvider clock, ILogger logger) = (passage.Clock, passage.Logger);
        TunnelFraming framing = !isOurs ? TunnelFraming.Classic
            : passage.Role == PunchRole.Inviter ? TunnelFraming.Inviter
            : TunnelFraming.Acceptor;
        try
        {
            if (!isOurs) options.RequireClassic(passage.Ticket.Peer.ToString());
        }
        catch
        {
            await passage.DisposeAsync();
            throw;
        }

        PlexusStreamOptions streamOptions = new()
        {
            AllowUnencrypted = options.AllowUnencrypted,
            CompletesInline = true,
            Connects = options.Imports.Count > 0, // As the original's programs: its importer connects, its exporter accepts.
        };
        PlexusStream stream = await PlexusStream.OpenAsync(passage, options.Tune?.Invoke(streamOptions) ?? streamOptions, cancellationToken);
        Tunnel tunnel = await OpenAsync(stream, framing, options, ports, clock, logger);
        TunnelLog.Open(logger, options.Describe());
        return tunnel;
    }

    /// <summary>Opens a tunnel over any stream that carries bytes in order.</summary>
    /// <param name="stream">The stream; the tunnel owns it.</param>
    /// <param name="framing">What is spoken on it.</param>
    /// <param name="options">What is offered; checked already.</param>
    /// <param name="ports">The ports of what is imported. They outlive the tunnel.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="PlexusException">The peer does not answer, or speaks no common version; or the ports are another tunnel's.</exception>
    internal static async Task<Tunnel> OpenAsync(
        Stream stream, TunnelFraming framing, TunnelOptions options, ImportPorts ports, TimeProvider clock, ILogger logger)
    {
        Tunnel tunnel = new(stream, framing, options, ports, clock, logger);
        using (clock.CreateTimer(_ => tunnel._introduced.TrySetResult(false), null, IntroductionTime, Timeout.InfiniteTimeSpan))
        {
            if (await tunnel._introduced.Task) return tunnel;
        }

        bool isOver = tunnel.Completed.IsCompleted;
        await tunnel.DisposeAsync();
        if (isOver) await tunnel.Completed; // It throws.
        throw new PlexusException(PlexusStage.Payload, "The peer has opened the stream but no tunnel in it; does it export or import anything?");
    }

    /// <summary>Ends the tunnel: connections that are open are reset on both sides.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _carrier.GoAway(TunnelReason.Closing, "");
            await _carrier.DisposeAsync();
        }

        await Completed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _ownPorts?.Dispose();
    }

    private static Multiplexer MakeCore(TunnelFraming framing, TunnelOptions options)
    {
        if (framing != TunnelFraming.Classic)
            return new CreditMultiplexer(framing == TunnelFraming.Inviter, options.Exports.Select(one => (one.Protocol, one.Name)), options.Limits);
        bool isExporter = options.Exports.Count > 0;
        // A client waits for the end of a server's answer, so a server's end is told at once.
        MultiplexerLimits limits = isExporter ? options.Limits with { HalfCloseQuiet = TimeSpan.Zero } : options.Limits;
        return new ClassicMultiplexer(isExporter ? TunnelSide.Exporter : TunnelSide.Importer, limits);
    }

    private async Task RunAsync(ImportPorts ports)
    {
        Task<string> carrying = _carrier.RunAsync();
        Task serving = Task.CompletedTask;
        bool hasPorts = true;
        if (await ReadyAsync(carrying)) hasPorts = ports.TryServe(_carrier, _options, _clock, _logger, _stop.Token, out serving);
        if (!hasPorts) await _carrier.DisposeAsync();
        string reason = await carrying;
        _stop.Cancel();
        await serving;
        _introduced.TrySetResult(false);
        for (TimeSpan waited = default; _carrier.Sides().Any(side => side.IsDelivering) && waited < DeliveryTime; waited += DeliveryPause)
            await Task.Delay(DeliveryPause, _clock);
        TunnelLog.Ended(_logger, reason);
        if (!hasPorts) throw new PlexusException(PlexusStage.Payload, "The imported ports lead to another peer already; they serve one at a time.");
        if (_isDisposed == 0) throw new PlexusException(PlexusStage.Payload, $"The tunnel has ended: {reason}.");
    }

    /// <summary>Waits until connections may be opened; false if the tunnel ends before.</summary>
    private async Task<bool> ReadyAsync(Task carrying)
    {
        await Task.WhenAny(_introduced.Task, carrying);
        return !carrying.IsCompleted && await _introduced.Task;
    }

    /// <summary>What the carrier tells, kept off the public surface.</summary>
    private sealed class Events(Tunnel tunnel) : ICarrierUser
    {
        public ExportedServices? Services { get; set; }

        public void OnReady()
        {
            IReadOnlyList<(TunnelProtocol Protocol, string Name)> theirs = ((CreditMultiplexer)tunnel._core).PeerHello!.Services;
            foreach (TunnelService wanted in tunnel._options.Imports)
            {
                int sameProtocol = theirs.Count(service => service.Protocol == wanted.Protocol);
                if (theirs.Contains((wanted.Protocol, wanted.Name)) || (wanted.Name.Length == 0 && sameProtocol == 1)) continue;
                TunnelLog.NotExported(
                    tunnel._logger, TunnelService.Describe(wanted.Protocol, wanted.Name),
                    theirs.Count == 0 ? "nothing" : string.Join(", ", theirs.Select(service => TunnelService.Describe(service.Protocol, service.Name))));
            }

            tunnel._introduced.TrySetResult(true);
        }

        public void OnOpened(MultiplexedConnection connection) => Services!.OnOpened(connection);

        public void OnGoAway(TunnelReason reason, string text) => TunnelLog.GoingAway(tunnel._logger, TunnelSentence.For(reason, text));
    }
}
