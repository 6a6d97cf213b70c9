using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Passages;
using Plexus.Protocols.Punch;
using Plexus.Punching;
using Plexus.Rendezvous;
using Plexus.Sockets;
using Plexus.Streams;

namespace Plexus;

/// <summary>Makes passages: explores the NAT, exchanges introductions, punches. It is inviter and acceptor alike.</summary>
/// <remarks>
/// The host owns neither its identity nor the rendezvous; dispose the rendezvous after the host's work has ended.
/// Members may be called from any thread.
/// </remarks>
public sealed class PlexusHost
{
    private readonly PlexusHostOptions _options;
    private readonly Identity _host;
    private readonly IRendezvous _rendezvous;
    private readonly SocketSource _sockets;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly KnownPeers _peers;

    /// <summary>Makes a host.</summary>
    /// <param name="host">The local identity, with its private key.</param>
    /// <param name="rendezvous">Where introductions are exchanged.</param>
    /// <param name="options">How to explore and punch.</param>
    /// <param name="loggerFactory">Where the stages are logged; null logs nowhere.</param>
    /// <param name="timeProvider">The clock; null is the system's.</param>
    /// <exception cref="PlexusException">An option is out of its range, or the identity has no private key.</exception>
    public PlexusHost(
        Identity host,
        IRendezvous rendezvous,
        PlexusHostOptions options,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
        : this(host, rendezvous, options, UdpNetwork.Instance, timeProvider ?? TimeProvider.System, loggerFactory)
    {
    }

    internal PlexusHost(
        Identity host,
        IRendezvous rendezvous,
        PlexusHostOptions options,
        IDatagramNetwork network,
        TimeProvider clock,
        ILoggerFactory? loggerFactory = null)
    {
        options.Validate();
        if (!host.HasPrivateKey)
            throw new PlexusException(PlexusStage.Identity, $"The identity {host} has no private key, so it cannot be the local one.");
        (_host, _rendezvous, _options, _clock) = (host, rendezvous, options, clock);
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<PlexusHost>();
        _peers = new KnownPeers(options.StateFolder, _logger);
        _sockets = new SocketSource(network, options, clock, _logger);
    }

    /// <summary>An acceptor's attempt failed. The host goes on serving.</summary>
    public event Action<Identity, PlexusException>? AttemptFailed;

    /// <summary>Invites a peer and opens a passage to it.</summary>
    /// <param name="peer">An identity of the repository.</param>
    /// <param name="cancellationToken">Stops the attempt and closes its socket.</param>
    /// <returns>An open passage. The caller disposes it, or hands it to a payload, which then owns it.</returns>
    /// <exception cref="PlexusException">The attempt failed; <see cref="PlexusException.Stage"/> tells where: no STUN answer,
    /// no reply at the rendezvous in time, or silence from the peer.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<Passage> InviteAsync(Identity peer, CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using StageTimer whole = new("invite", Roles.Inviter, _clock);
        HostLog.Inviting(_logger, peer.Name);
        Attempt attempt = new(peer, _sockets.OpenAsync(Roles.Inviter, stop.Token), _options.Capabilities);
        try
        {
            Passage passage = await InviteAsync(attempt, stop.Token);
            HostLog.Open(_logger, passage.Ticket.Peer, passage.Ticket.PeerEndPoint, whole.Milliseconds);
            PlexusTelemetry.Succeeded(Roles.Inviter);
            return passage;
        }
        catch (Exception e)
        {
            stop.Cancel();
            await attempt.AbandonAsync();
            PlexusTelemetry.Failed(Roles.Inviter, e);
            throw;
        }
    }

    /// <summary>Waits for invitations and opens a passage for each, for ever.</summary>
    /// <param name="peers">Who is let in; null lets in everybody the repository knows.</param>
    /// <param name="cancellationToken">Ends the waiting and the attempts under way.</param>
    /// <returns>Open passages, as they come. The caller disposes each, or hands it to a payload, which then owns it.</returns>
    /// <remarks>Nothing that a stranger or a peer sends ends the enumeration; see <see cref="AttemptFailed"/>.</remarks>
    /// <exception cref="PlexusException">The rendezvous cannot be used at all.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async IAsyncEnumerable<Passage> AcceptAsync(
        IdentityName? peers = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<Passage> open = Channel.CreateBounded<Passage>(_options.MaximumAttempts);
        Task serving = ServeAsync(peers ?? IdentityName.Any, open.Writer, stop.Token);
        try
        {
            // Not ReadAllAsync, which would go to the thread pool.
            while (await open.Reader.WaitToReadAsync(cancellationToken))
            {
                while (open.Reader.TryRead(out Passage? passage)) yield return passage;
            }
        }
        finally
        {
            stop.Cancel();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            while (open.Reader.TryRead(out Passage? unused)) await unused.DisposeAsync();
        }

        await serving;
    }

    /// <summary>Invites a peer and opens a stream to it.</summary>
    /// <param name="peer">An identity of the repository, whose program accepts streams.</param>
    /// <param name="options">How the stream opens; null is the default.</param>
    /// <param name="cancellationToken">Stops the attempt and closes its socket.</param>
    /// <returns>An open stream, encrypted unless the options allow less. The caller disposes it.</returns>
    /// <exception cref="PlexusException">The attempt failed; <see cref="PlexusException.Stage"/> tells where.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<PlexusStream> OpenStreamAsync(
        Identity peer, PlexusStreamOptions? options = null, CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        options?.Validate();
        return await PlexusStream.OpenAsync(await InviteAsync(peer, cancellationToken), options, cancellationToken);
    }

    /// <summary>Waits for invitations and opens a stream with each peer that comes, for ever. Many peers may be served at once.</summary>
    /// <param name="peers">Who is let in; null lets in everybody the repository knows.</param>
    /// <param name="options">How the streams open; null is the default.</param>
    /// <param name="cancellationToken">Ends the waiting and the attempts under way. Streams that were given out live on.</param>
    /// <returns>Open streams, as they come. The caller disposes each.</returns>
    /// <remarks>
    /// Nothing that a stranger or a peer does ends the enumeration; see <see cref="AttemptFailed"/>. Serve each stream in a task of its
    /// own, so that the next one does not wait for it.
    /// </remarks>
    /// <exception cref="PlexusException">An option is out of its range, or the rendezvous cannot be used at all.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async IAsyncEnumerable<PlexusStream> AcceptStreamsAsync(
        IdentityName? peers = null, PlexusStreamOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        options ??= new();
        options.Validate();
        StreamService service = new(_options.MaximumAttempts, options, _logger, Tell);
        await foreach (PlexusStream stream in service.ServeAsync(AcceptAsync(peers, CancellationToken.None), cancellationToken)) yield return stream;
    }

    private async Task ServeAsync(IdentityName peers, ChannelWriter<Passage> open, CancellationToken cancellationToken)
    {
        // Attempts wait for a chosen port, and a peer that invites again has given up what it waited for.
        AttemptBook book = new(_options.MaximumAttempts, _options.LocalEndPoint.Port != 0 ? 1 : AttemptBook.UsualOfOnePeer);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task spare = _sockets.KeepSpareAsync(stop.Token);
        try
        {
            await foreach (Invitation invitation in _rendezvous.AcceptAsync(_host, peers, cancellationToken))
            {
                if (!IsBelievable(invitation.Peer, invitation.Theirs)) continue;
                if (book.Add(invitation.Peer, token => ServeOneAsync(invitation, open, token), stop.Token))
                    HostLog.GaveWay(_logger, invitation.Peer.Name);
            }
        }
        catch (Exception e)
        {
            open.TryComplete(e);
            throw;
        }
        finally
        {
            stop.Cancel(); // Without the rendezvous the attempts under way have nobody who waits for them.
            await book.AllEndedAsync();
            await spare;
            open.TryComplete();
        }
    }

    private async Task ServeOneAsync(Invitation invitation, ChannelWriter<Passage> open, CancellationToken cancellationToken)
    {
        Identity peer = invitation.Peer;
        using StageTimer whole = new("accept", Roles.Acceptor, _clock);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        HostLog.Invited(_logger, peer.Name, invitation.Theirs.EndPoint);
        Attempt attempt = new(peer, _sockets.OpenAsync(Roles.Acceptor, stop.Token), _options.Capabilities);
        try
        {
            Introduction ours = await attempt.IntroduceAsync(stop.Token);
            Task answering = AnswerAsync(invitation, ours, stop.Token); // Punching goes on meanwhile.
            Puncher puncher = await PuncherAsync(PunchRole.Acceptor, attempt, stop.Token);
            puncher.Add(invitation.Theirs);
            Passage passage = await PunchAsync(puncher, attempt, stop.Token);
            HostLog.Open(_logger, peer.Name, passage.Ticket.PeerEndPoint, whole.Milliseconds);
            PlexusTelemetry.Succeeded(Roles.Acceptor);
            await HandOutAsync(passage, open, cancellationToken);
            await answering;
        }
        catch (Exception e)
        {
            stop.Cancel();
            await attempt.AbandonAsync();
            if (cancellationToken.IsCancellationRequested) return;
            PlexusTelemetry.Failed(Roles.Acceptor, e);
            PlexusException failure = e as PlexusException
                ?? new PlexusException(PlexusStage.Payload, $"The attempt failed unexpectedly: {e.Message}", e);
            HostLog.AttemptFailed(_logger, peer.Name, failure.Stage, failure.Message);
            Tell(peer, failure);
        }
    }

    /// <summary>Gives a passage to who enumerates. It waits while nobody takes the earlier ones, and counts as an attempt meanwhile.</summary>
    private static async Task HandOutAsync(Passage passage, ChannelWriter<Passage> open, CancellationToken cancellationToken)
    {
        try
        {
            await open.WriteAsync(passage, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            await passage.DisposeAsync(); // The enumeration has ended.
        }
    }

    private void Tell(Identity peer, PlexusException failure)
    {
        try
        {
            AttemptFailed?.Invoke(peer, failure);
        }
        catch (Exception e)
        {
            HostLog.HandlerFailed(_logger, e); // The listener's trouble is not the service's.
        }
    }

    private async Task<Passage> InviteAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        using CancellationTokenSource withdraw = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using IAsyncEnumerator<Introduction> answers = AnswersAsync(attempt, withdraw.Token).GetAsyncEnumerator(CancellationToken.None);
        using (StageTimer exchange = new(PlexusStage.Rendezvous, Roles.Inviter, _clock))
        {
            if (!await answers.MoveNextAsync()) throw new PlexusException(PlexusStage.Rendezvous, $"The rendezvous gave no answer of {attempt.Peer}.");
            HostLog.Exchanged(_logger, attempt.Peer.Name, answers.Current.EndPoint, exchange.Milliseconds);
        }

        Puncher puncher = await PuncherAsync(PunchRole.Inviter, attempt, cancellationToken);
        puncher.Add(answers.Current);
        Task later = TakeLaterAnswersAsync(answers, puncher, attempt.Peer);
        try
        {
            return await PunchAsync(puncher, attempt, cancellationToken);
        }
        finally
        {
            withdraw.Cancel();
            await later;
        }
    }

    private async IAsyncEnumerable<Introduction> AnswersAsync(Attempt attempt, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Introduction theirs in _rendezvous.InviteAsync(_host, attempt.Peer, attempt.IntroduceAsync, cancellationToken))
        {
            if (IsBelievable(attempt.Peer, theirs)) yield return theirs;
        }
    }

    private bool IsBelievable(Identity peer, Introduction theirs) =>
        !_options.Capabilities.HasFlag(PassageCapabilities.SecureStreams) || _peers.IsBelievable(peer, theirs);

    // The first answer may be an old one that somebody replays, or the peer may have begun anew: whichever opens is the true one.
    private async Task TakeLaterAnswersAsync(IAsyncEnumerator<Introduction> answers, Puncher puncher, Identity peer)
    {
        try
        {
            while (await answers.MoveNextAsync()) TryAdd(puncher, answers.Current, peer);
        }
        catch (OperationCanceledException)
        {
            // The punching has ended.
        }
        catch (Exception e)
        {
            HostLog.NoLaterAnswer(_logger, peer.Name, e.Message); // What has come may open all the same.
        }
    }

    private void TryAdd(Puncher puncher, Introduction theirs, Identity peer)
    {
        try
        {
            puncher.Add(theirs);
        }
        catch (PlexusException e)
        {
            HostLog.NoLaterAnswer(_logger, peer.Name, e.Message); // Another one may be better.
        }
    }

    private async Task<Puncher> PuncherAsync(PunchRole role, Attempt attempt, CancellationToken cancellationToken)
    {
        Introduction ours = await attempt.IntroduceAsync(cancellationToken);
        return new Puncher(role, _host, attempt.Peer, await attempt.SocketAsync(), ours, _options, _clock, _logger);
    }

    private static async Task<Passage> PunchAsync(Puncher puncher, Attempt attempt, CancellationToken cancellationToken)
    {
        Passage passage = await puncher.PunchAsync(cancellationToken);
        attempt.HandedOver();
        return passage;
    }

    private async Task AnswerAsync(Invitation invitation, Introduction ours, CancellationToken cancellationToken)
    {
        try
        {
            await invitation.AnswerAsync(ours, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The attempt has ended before the rendezvous said that it took the answer.
        }
        catch (Exception e)
        {
            HostLog.AnswerNotTaken(_logger, invitation.Peer.Name, e.Message); // The punching may succeed all the same.
        }
    }
}
