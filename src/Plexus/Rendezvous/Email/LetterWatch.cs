using Microsoft.Extensions.Logging;
using Plexus.Identities;

namespace Plexus.Rendezvous.Email;

/// <summary>Watches a mailbox for letters of one subject, and comes back whenever the connection breaks.</summary>
/// <remarks>
/// Letters are known by their uid: after a break the watch goes on where it was, and where the server has numbered its letters
/// anew it looks through those that lie there. It downloads nothing but letters that say they are for us, and deletes nothing
/// but those that a peer has signed for us.
/// </remarks>
internal sealed class LetterWatch(
    IMailAccount account, LetterReader reader, Identity host, string subject, WatchTimes times, ConsumedLetters consumed,
    Func<double> random, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private const int MostTries = 3; // A letter that breaks the connection each time it is fetched is left alone.
    private const int MostEmptyWakes = 5; // A server that wakes us for nothing is asked at intervals instead.
    private static readonly TimeSpan EagerPoll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan DayOfSearch = TimeSpan.FromDays(1); // Servers search whole days, in a time zone of theirs.

    private readonly MailPause _pause = new(random);
    private readonly Queue<LetterHead> _heads = [];
    private readonly RefusalLog _refusals = new(logger);
    private readonly DateTimeOffset _start = clock.GetUtcNow();
    private IMailbox? _mailbox;
    private Task _deleting = Task.CompletedTask;
    private uint? _validity;
    private uint _position;
    private uint _firstNew; // Letters below lay there when we came.
    private long _opened;
    private long _retryAt;
    private bool _waitsToRetry;
    private int _tries;
    private int _emptyWakes;
    private TimeSpan _poll = times.ShortestPoll;

    /// <summary>The last failure, while there is no connection.</summary>
    public MailException? Failure { get; private set; }

    /// <summary>Connects, so that whatever comes from now on is seen.</summary>
    /// <param name="limit">The time on the clock until which it is tried.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when the limit passed.</returns>
    /// <exception cref="MailException">It needs the user, and is not to be tried again.</exception>
    public async Task<bool> ConnectAsync(long? limit, CancellationToken cancellationToken)
    {
        while (_mailbox is null)
        {
            if (!await PauseAsync(limit, cancellationToken)) return false;
            try
            {
                await OpenAsync(cancellationToken);
            }
            catch (MailException e)
            {
                await FailedAsync(e);
            }
        }

        return true;
    }

    /// <summary>Waits for the next letter of a peer.</summary>
    /// <param name="limit">The time on the clock until which it waits; null is for ever.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Null when the limit passed.</returns>
    /// <exception cref="MailException">It needs the user, and is not to be tried again.</exception>
    public async Task<ReceivedLetter?> NextAsync(long? limit, CancellationToken cancellationToken)
    {
        while (await ConnectAsync(limit, cancellationToken))
        {
            try
            {
                await DeletedAsync();
                if (await TakeAsync(cancellationToken) is { } letter) return letter;
                if (!await LookAsync(cancellationToken)) continue;
                if (Left(limit) is { } left && left <= TimeSpan.Zero) return null;
                await WaitAsync(limit, cancellationToken);
            }
            catch (MailException e)
            {
                await FailedAsync(e);
            }
        }

        return null;
    }

    /// <summary>Closes the connection, after a deletion under way.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await DeletedAsync();
        }
        catch (MailException)
        {
            // The letter stays, and will be stale.
        }

        await CloseAsync();
    }

    private TimeSpan? Left(long? limit) => limit is { } at ? clock.GetElapsedTime(clock.GetTimestamp(), at) : null;

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        _mailbox = await account.OpenMailboxAsync(cancellationToken);
        _opened = clock.GetTimestamp();
        if (Failure is not null) EmailLog.BackAgain(logger);
        Failure = null;
        _emptyWakes = 0;
        if (_validity == _mailbox.Validity) return; // Goes on where it was.
        bool isFirst = _validity is null;
        _heads.Clear();
        _position = _firstNew = _mailbox.NextUid;
        if (times.OldestWaiting is not null || !isFirst)
        {
            DateTimeOffset since = (isFirst ? clock.GetUtcNow() - times.OldestWaiting!.Value : _start - times.OldestComing) - DayOfSearch;
            // The newest first: of an invitation that was repeated, the last one counts.
            foreach (LetterHead head in (await _mailbox.SearchAsync(subject, since, cancellationToken)).Reverse())
            {
                if (head.Uid < _position && head.IsFor(host.Name, subject)) _heads.Enqueue(head);
            }
        }

        if (!isFirst) EmailLog.NumberedAnew(logger);
        _validity = _mailbox.Validity;
    }

    private async Task<ReceivedLetter?> TakeAsync(CancellationToken cancellationToken)
    {
        while (_heads.TryPeek(out LetterHead? head))
        {
            if (++_tries > MostTries) EmailLog.LeftAlone(logger, head.Uid);
            else if (await ReadAsync(head, cancellationToken) is { } letter) return letter;
            Done();
        }

        return null;
    }

    private void Done()
    {
        _heads.Dequeue();
        _tries = 0;
    }

    private async Task<ReceivedLetter?> ReadAsync(LetterHead head, CancellationToken cancellationToken)
    {
        ReceivedLetter? letter = null;
        LetterFlaw flaw = LetterFlaw.TooLarge;
        if (head.Size <= SealedLetter.LargestLetter)
        {
            if (await _mailbox!.FetchAsync(head.Uid, cancellationToken) is not { } bytes) return null;
            flaw = reader.Read(bytes, head.Uid < _firstNew ? times.OldestWaiting ?? times.OldestComing : times.OldestComing, out letter);
        }

        if (flaw != LetterFlaw.None) _refusals.Tell(head, flaw);
        if (LetterReader.IsFromAPeer(flaw) && consumed != ConsumedLetters.Keep)
        {
            await DeletedAsync();
            _deleting = _mailbox!.DeleteAsync(head.Uid, consumed == ConsumedLetters.Expunge, CancellationToken.None); // Not awaited: the answer goes first.
        }

        if (letter is not null) Done();
        return letter;
    }

    private async Task DeletedAsync()
    {
        Task deleting = _deleting;
        _deleting = Task.CompletedTask;
        await deleting;
    }

    /// <summary>Reads the heads of what has come.</summary>
    /// <returns>Whether there is nothing to do but wait.</returns>
    private async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        LetterPage page = await _mailbox!.ReadHeadsAsync(_position, cancellationToken);
        _position = page.Next;
        foreach (LetterHead head in page.Heads)
        {
            if (head.IsFor(host.Name, subject)) _heads.Enqueue(head);
        }

        if (page.Heads.Count > 0) (_poll, _emptyWakes) = (times.ShortestPoll, 0);
        return page.IsLast && _heads.Count == 0;
    }

    private async Task WaitAsync(long? limit, CancellationToken cancellationToken)
    {
        if (_mailbox!.CanIdle && _emptyWakes < MostEmptyWakes)
        {
            long start = clock.GetTimestamp();
            TimeSpan idle = clock.GetElapsedTime(_opened) < times.Eager ? EagerPoll : times.Idle;
            if (Left(limit) is { } left && left < idle) idle = left;
            await _mailbox.IdleAsync(idle, cancellationToken);
            TimeSpan idled = clock.GetElapsedTime(start);
            if (idled < idle && idled < times.ShortestPoll) _emptyWakes++; // Until something has come, says the next look.
            else _emptyWakes = 0;
            return;
        }

        TimeSpan pause = Left(limit) is { } rest && rest < _poll ? rest : _poll;
        await Task.Delay(pause, clock, cancellationToken);
        _poll = _poll * 2 < times.LongestPoll ? _poll * 2 : times.LongestPoll;
    }

    private async Task FailedAsync(MailException failure)
    {
        TimeSpan lasted = _mailbox is null ? TimeSpan.Zero : clock.GetElapsedTime(_opened);
        await CloseAsync();
        if (failure.NeedsTheUser && times.EndsWhenTheUserIsNeeded) throw failure;
        TimeSpan pause = _pause.After(failure, lasted);
        if (Failure?.Message != failure.Message || failure.NeedsTheUser) EmailLog.Failed(logger, failure.Message, pause.TotalSeconds);
        Failure = failure;
        _retryAt = clock.GetTimestamp() + (long)(pause.TotalSeconds * clock.TimestampFrequency);
        _waitsToRetry = true;
    }

    /// <summary>Waits until the server may be tried again.</summary>
    /// <returns>False when the limit passed before.</returns>
    private async Task<bool> PauseAsync(long? limit, CancellationToken cancellationToken)
    {
        if (!_waitsToRetry) return true;
        bool comesBefore = limit is { } at && at < _retryAt;
        TimeSpan pause = clock.GetElapsedTime(clock.GetTimestamp(), comesBefore ? limit!.Value : _retryAt);
        if (pause > TimeSpan.Zero) await Task.Delay(pause, clock, cancellationToken);
        if (comesBefore) return false;
        _waitsToRetry = false;
        return true;
    }

    private async Task CloseAsync()
    {
        IMailbox? mailbox = _mailbox;
        _mailbox = null;
        _deleting = Task.CompletedTask;
        if (mailbox is not null) await mailbox.DisposeAsync();
    }
}
