using System.Runtime.CompilerServices;
using Plexus.Identities;
using Plexus.Protocols.Introductions;

namespace Plexus.Rendezvous.Email;

/// <summary>One invitation by e-mail.</summary>
/// <remarks>
/// Mail is delivered, sooner or later, so it is repeated once only, for an acceptor that was restarted and looks at new letters alone;
/// and whenever our endpoint has changed, since the letter that waits in the peer's mailbox then leads nowhere.
/// </remarks>
internal sealed class EmailInviter(EmailPost post, Identity host, Identity peer)
{
    /// <summary>30 s: by then a peer that waits has answered, over any provider.</summary>
    private static readonly TimeSpan Repetition = TimeSpan.FromSeconds(30);

    /// <summary>One minute: how soon a changed endpoint is told.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);

    private const int MostAnswers = 64; // Replays among them.

    private readonly HashSet<Introduction> _told = [];
    private Puzzle _asked; // The same in every invitation of an attempt.
    private PlexusException? _failure;

    public async IAsyncEnumerable<Introduction> InviteAsync(
        Func<CancellationToken, Task<Introduction>> introduce, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        EmailPost.RequireAddress(host);
        EmailPost.RequireAddress(peer);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        long limit = After(post.Options.Wait);
        await using LetterWatch watch = post.Answers(host, peer, () => _asked);
        await using LetterSender sender = post.Sender();
        Task<bool> connecting = ConnectAsync(watch, limit, stop.Token); // What is answered from now on is seen.
        Task sending = Task.CompletedTask;
        try
        {
            sender.Prepare(stop.Token);
            Introduction ours = await introduce(stop.Token);
            if (!await connecting) throw NoAnswer(watch);
            _asked = new Puzzle(ours.Puzzle);
            sending = SendAsync(sender, ours, stop);
            long next = After(Repetition);
            bool isRepeated = false;
            while (true)
            {
                long until = _told.Count > 0 || limit < next ? limit : next;
                if (await NextAsync(watch, until, stop.Token) is { } theirs)
                {
                    if (_told.Count >= MostAnswers || !_told.Add(theirs)) continue;
                    yield return theirs;
                    limit = After(post.Options.Wait); // It is being tried; others may follow.
                    continue;
                }

                if (post.Clock.GetTimestamp() >= limit)
                {
                    if (_told.Count == 0) throw NoAnswer(watch);
                    limit = After(post.Options.Wait);
                    continue;
                }

                Introduction now = await introduce(stop.Token);
                if (sending.IsCompleted && (!isRepeated || !now.EndPoint.Equals(ours.EndPoint)))
                {
                    (ours, isRepeated) = (now, true);
                    sending = SendAsync(sender, ours, stop);
                }

                next = After(Look);
            }
        }
        finally
        {
            stop.Cancel();
            await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await sending;
        }
    }

    private long After(TimeSpan time) => post.Clock.GetTimestamp() + (long)(time.TotalSeconds * post.Clock.TimestampFrequency);

    private static async Task<bool> ConnectAsync(LetterWatch watch, long limit, CancellationToken cancellationToken)
    {
        try
        {
            return await watch.ConnectAsync(limit, cancellationToken);
        }
        catch (MailException e)
        {
            throw new PlexusException(PlexusStage.Rendezvous, e.Message);
        }
    }

    private async Task<Introduction?> NextAsync(LetterWatch watch, long until, CancellationToken cancellationToken)
    {
        try
        {
            while (await watch.NextAsync(until, cancellationToken) is { } letter)
            {
                if (letter.Introduction.ToIntroduction() is { } theirs) return theirs;
            }

            return null;
        }
        catch (MailException e)
        {
            throw new PlexusException(PlexusStage.Rendezvous, e.Message);
        }
        catch (OperationCanceledException) when (_failure is not null)
        {
            throw _failure;
        }
    }

    /// <summary>Sends an invitation. It throws nothing: a failure ends the waiting.</summary>
    private async Task SendAsync(LetterSender sender, Introduction ours, CancellationTokenSource stop)
    {
        try
        {
            EmailLog.Inviting(post.Logger, peer.Name);
            await sender.SendAsync(post.Write(host, peer, IntroductionKind.Invitation, ours), stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Withdrawn.
        }
        catch (PlexusException e)
        {
            _failure = e;
            stop.Cancel();
        }
    }

    private PlexusException NoAnswer(LetterWatch watch)
    {
        string wait = $"{post.Options.Wait.TotalSeconds:0} s";
        return new(
            PlexusStage.Rendezvous,
            watch.Failure is { } failure
                ? $"{failure.Message} It could not be used for {wait}."
                : $"{peer} did not answer by e-mail within {wait}: it is not waiting (plexus --accept with the same --app-id), or does not know our certificate, "
                  + "or the clocks of the machines differ by minutes, or a letter was taken for spam; --invite-lifetime lets an invitation wait longer.");
    }
}
