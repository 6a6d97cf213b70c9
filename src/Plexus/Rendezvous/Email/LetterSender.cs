using Microsoft.Extensions.Logging;

namespace Plexus.Rendezvous.Email;

/// <summary>Sends letters, again and again until the server takes each or the limit has passed.</summary>
internal sealed class LetterSender(IMailAccount account, TimeSpan limit, Func<double> random, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private Task<IOutbox>? _prepared;

    /// <summary>Connects ahead of the first letter. A failure counts only when there is one to send.</summary>
    public void Prepare(CancellationToken cancellationToken) => _prepared ??= account.OpenOutboxAsync(cancellationToken);

    /// <summary>Sends a letter.</summary>
    /// <exception cref="PlexusException">The server refused it, or could not take it in time.</exception>
    public async Task SendAsync(OutgoingLetter letter, CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        MailPause pauses = new(random);
        while (true)
        {
            TimeSpan pause;
            try
            {
                await SendOnceAsync(letter, cancellationToken);
                return;
            }
            catch (MailException e)
            {
                pause = pauses.After(e, TimeSpan.Zero);
                if (e.NeedsTheUser || clock.GetElapsedTime(start) + pause > limit) throw new PlexusException(PlexusStage.Rendezvous, e.Message);
                EmailLog.NotSentYet(logger, e.Message, pause.TotalSeconds);
            }

            await Task.Delay(pause, clock, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_prepared is not { } prepared) return;
        _prepared = null;
        await ((Task)prepared).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (prepared.IsCompletedSuccessfully) await prepared.Result.DisposeAsync();
    }

    private async Task SendOnceAsync(OutgoingLetter letter, CancellationToken cancellationToken)
    {
        Task<IOutbox> opening = _prepared ?? account.OpenOutboxAsync(cancellationToken);
        _prepared = null;
        await using IOutbox outbox = await opening;
        await outbox.SendAsync(letter, cancellationToken);
    }
}
