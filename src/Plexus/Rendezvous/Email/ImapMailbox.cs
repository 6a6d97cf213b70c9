using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using MimeKit;

namespace Plexus.Rendezvous.Email;

/// <summary>A real inbox, over MailKit.</summary>
internal sealed class ImapMailbox : IMailbox
{
    private const int MostFound = 300; // Letters of a search that are looked at, the newest; one side has a few.
    private const int PageSize = 200; // Heads in one answer: some tens of kilobytes.
    private const int LargestStep = 500; // When more has come than this, the server lists the uids first.

    private static readonly HashSet<HeaderId> Heads = [HeaderId.Subject, HeaderId.From, HeaderId.To];

    private readonly ImapClient _client;
    private readonly IMailFolder _inbox;
    private readonly MailCall _call;
    private readonly TimeProvider _clock;
    private CancellationTokenSource? _idle;
    private bool _isChanged;
    private int _count;

    private ImapMailbox(ImapClient client, MailCall call, TimeProvider clock)
    {
        (_client, _inbox, _call, _clock) = (client, client.Inbox!, call, clock);
        _count = _inbox.Count;
        _inbox.CountChanged += OnCountChanged;
    }

    public uint Validity => _inbox.UidValidity;

    public uint NextUid { get; private set; }

    public bool CanIdle => _client.Capabilities.HasFlag(ImapCapabilities.Idle);

    /// <summary>Takes over a client whose inbox is open.</summary>
    public static async Task<ImapMailbox> OpenAsync(ImapClient client, MailCall call, TimeProvider clock, CancellationToken cancellationToken)
    {
        ImapMailbox mailbox = new(client, call, clock);
        mailbox.NextUid = mailbox._inbox.UidNext?.Id ?? await mailbox.LastUidAsync(cancellationToken) + 1;
        return mailbox;
    }

    public Task<IReadOnlyList<LetterHead>> SearchAsync(string subject, DateTimeOffset since, CancellationToken cancellationToken) => _call.RunAsync(
        async token =>
        {
            IList<UniqueId> found;
            try
            {
                found = await _inbox.SearchAsync(SearchQuery.SubjectContains(subject).And(SearchQuery.DeliveredAfter(since.UtcDateTime.Date)), token);
            }
            catch (ImapCommandException)
            {
                return await HeadsAsync(await NewestAsync(token), token); // A server that cannot search texts, or not in this script.
            }

            return await HeadsAsync([.. found.Order().TakeLast(MostFound)], token);
        },
        cancellationToken);

    public Task<LetterPage> ReadHeadsAsync(uint from, CancellationToken cancellationToken) => _call.RunAsync(
        async token =>
        {
            await _client.NoOpAsync(token); // Now the server says what has come.
            _isChanged = false; // Some say it every time; what comes from here on wakes us again.
            int grown = _inbox.Count - _count;
            _count = _inbox.Count;
            if (_count == 0) return new LetterPage([], from, IsLast: true); // Servers answer with an error for ranges of an empty mailbox.
            UniqueIdRange range = new(new UniqueId(Validity, from), UniqueId.MaxValue);
            if (grown <= LargestStep)
            {
                // A range up to the last letter has this one at least, even if it is before our position.
                IReadOnlyList<LetterHead> heads = [.. (await HeadsAsync(range, token)).Where(head => head.Uid >= from)];
                return new LetterPage(heads, heads.Count > 0 ? heads[^1].Uid + 1 : from, IsLast: true);
            }

            UniqueId[] uids = [.. (await _inbox.SearchAsync(SearchQuery.Uids(range), token)).Where(uid => uid.Id >= from).Order()];
            IReadOnlyList<LetterHead> page = await HeadsAsync([.. uids.Take(PageSize)], token);
            bool isLast = uids.Length <= PageSize;
            if (!isLast) _count -= uids.Length - PageSize; // The rest comes with the next pages.
            return new LetterPage(page, uids.Length == 0 ? from : uids[Math.Min(PageSize, uids.Length) - 1].Id + 1, isLast);
        },
        cancellationToken);

    public Task<byte[]?> FetchAsync(uint uid, CancellationToken cancellationToken) => _call.RunAsync(
        async token =>
        {
            try
            {
                using Stream letter = await _inbox.GetStreamAsync(new UniqueId(Validity, uid), 0, SealedLetter.LargestLetter + 1, token);
                using MemoryStream bytes = new();
                await letter.CopyToAsync(bytes, token);
                return bytes.ToArray();
            }
            catch (Exception e) when (e is MessageNotFoundException or ImapCommandException)
            {
                return (byte[]?)null; // Another program has deleted it.
            }
        },
        cancellationToken);

    public async Task IdleAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (_isChanged) return; // It came with the answer to another command.
        using CancellationTokenSource done = new(limit, _clock);
        using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using ITimer guard = _clock.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), silence, limit + MailCall.Limit, Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration answer = done.Token.Register(() => guard.Change(MailCall.Limit, Timeout.InfiniteTimeSpan));
        _idle = done;
        try
        {
            await _client.IdleAsync(done.Token, silence.Token);
        }
        catch (Exception e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await _call.RunAsync(Task (_) => Task.FromException(e is OperationCanceledException ? new TimeoutException() : e), cancellationToken);
        }
        finally
        {
            _idle = null;
        }
    }

    public Task DeleteAsync(uint uid, bool expunge, CancellationToken cancellationToken) => _call.RunAsync(
        async token =>
        {
            UniqueId[] one = [new(Validity, uid)];
            await _inbox.StoreAsync(one, new StoreFlagsRequest(StoreAction.Add, MessageFlags.Deleted) { Silent = true }, token);
            // Without UIDPLUS an expunge would take every letter that anybody has marked.
            if (expunge && _client.Capabilities.HasFlag(ImapCapabilities.UidPlus)) await _inbox.ExpungeAsync(one, token);
        },
        cancellationToken);

    public ValueTask DisposeAsync()
    {
        _inbox.CountChanged -= OnCountChanged;
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private void OnCountChanged(object? sender, EventArgs e)
    {
        _isChanged = true;
        try
        {
            _idle?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The idling has just ended by itself.
        }
    }

    private async Task<uint> LastUidAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<UniqueId> last = await _call.RunAsync(token => NewestAsync(token, count: 1), cancellationToken);
        return last.Count > 0 ? last[^1].Id : 0;
    }

    private async Task<IReadOnlyList<UniqueId>> NewestAsync(CancellationToken cancellationToken, int count = MostFound)
    {
        if (_inbox.Count == 0) return [];
        IList<IMessageSummary> newest = await _inbox.FetchAsync(
            Math.Max(0, _inbox.Count - count), -1, new FetchRequest(MessageSummaryItems.UniqueId), cancellationToken);
        return [.. newest.Select(static summary => summary.UniqueId).Order()];
    }

    private async Task<IReadOnlyList<LetterHead>> HeadsAsync(IEnumerable<UniqueId> uids, CancellationToken cancellationToken)
    {
        IList<UniqueId> list = uids as IList<UniqueId> ?? [.. uids];
        if (list.Count == 0) return [];
        FetchRequest request = new(MessageSummaryItems.UniqueId | MessageSummaryItems.Size, Heads);
        IList<IMessageSummary> summaries = await _inbox.FetchAsync(list, request, cancellationToken);
        return
        [
            .. summaries.Where(static summary => summary.UniqueId.IsValid && summary.Headers is not null)
                .Select(static summary => LetterHead.Of(summary.UniqueId.Id, summary.Size ?? 0, summary.Headers!))
                .OrderBy(static head => head.Uid),
        ];
    }
}
