using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Plexus.Identities;
using Plexus.Passages;
using Plexus.Sockets;
using Plexus.Streams;

namespace Plexus;

/// <summary>Makes a stream of each passage that an acceptor opens, several at once.</summary>
/// <param name="maximum">How many streams are being opened at once, and how many wait for who enumerates them.</param>
/// <param name="options">How they open.</param>
/// <param name="failed">Told of each peer whose stream did not open.</param>
internal sealed class StreamService(int maximum, PlexusStreamOptions options, ILogger logger, Action<Identity, PlexusException> failed)
{
    private readonly Turnstile _turns = new(maximum);
    private readonly HashSet<Task> _running = [];

    /// <summary>Serves until the passages end. Nothing that a peer does ends it.</summary>
    public async IAsyncEnumerable<PlexusStream> ServeAsync(
        IAsyncEnumerable<Passage> passages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<PlexusStream> open = Channel.CreateBounded<PlexusStream>(maximum);
        Task serving = OpenAllAsync(passages, open.Writer, stop.Token);
        try
        {
            // Not ReadAllAsync, which would go to the thread pool.
            while (await open.Reader.WaitToReadAsync(cancellationToken))
            {
                while (open.Reader.TryRead(out PlexusStream? stream)) yield return stream;
            }
        }
        finally
        {
            stop.Cancel();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            while (open.Reader.TryRead(out PlexusStream? unused)) await unused.AbortAsync();
        }

        await serving;
    }

    private async Task OpenAllAsync(IAsyncEnumerable<Passage> passages, ChannelWriter<PlexusStream> open, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (Passage passage in passages.WithCancellation(cancellationToken))
            {
                await TakeTurnAsync(passage, cancellationToken);
                _running.RemoveWhere(static task => task.IsCompleted);
                _running.Add(OpenOneAsync(passage, open, cancellationToken));
            }
        }
        catch (Exception e)
        {
            open.TryComplete(e);
            throw;
        }
        finally
        {
            await Task.WhenAll(_running);
            open.TryComplete();
        }
    }

    private async Task TakeTurnAsync(Passage passage, CancellationToken cancellationToken)
    {
        try
        {
            await _turns.EnterAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await passage.DisposeAsync();
            throw;
        }
    }

    private async Task OpenOneAsync(Passage passage, ChannelWriter<PlexusStream> open, CancellationToken cancellationToken)
    {
        try
        {
            PlexusStream stream = await PlexusStream.OpenAsync(passage, options, cancellationToken);
            await HandOutAsync(stream, open, cancellationToken);
        }
        catch (Exception e)
        {
            if (cancellationToken.IsCancellationRequested) return;
            PlexusException failure = e as PlexusException
                ?? new PlexusException(PlexusStage.Payload, $"The stream failed unexpectedly: {e.Message}", e);
            HostLog.AttemptFailed(logger, passage.Ticket.Peer, failure.Stage, failure.Message);
            failed(passage.Peer, failure);
        }
        finally
        {
            _turns.Leave();
        }
    }

    private static async Task HandOutAsync(PlexusStream stream, ChannelWriter<PlexusStream> open, CancellationToken cancellationToken)
    {
        try
        {
            await open.WriteAsync(stream, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            await stream.AbortAsync(); // Nobody will take it.
        }
    }
}
