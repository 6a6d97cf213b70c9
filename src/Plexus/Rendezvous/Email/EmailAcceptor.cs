using System.Net;
using System.Runtime.CompilerServices;
using Plexus.Identities;
using Plexus.Protocols.Introductions;

namespace Plexus.Rendezvous.Email;

/// <summary>Waits for invitations in our mailbox, and answers them.</summary>
internal sealed class EmailAcceptor(EmailPost post, Identity host)
{
    private const int MaximumConversations = 4_096; // Of known peers; the oldest is forgotten.

    private readonly Dictionary<(string Peer, ulong Puzzle), EmailConversation> _conversations = [];
    private readonly Queue<(string Peer, ulong Puzzle)> _order = [];

    public async IAsyncEnumerable<Invitation> AcceptAsync(IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        EmailPost.RequireAddress(host);
        EmailLog.Waiting(post.Logger);
        await using LetterWatch watch = post.Letters(host, peers, IntroductionKind.Invitation);
        while (await watch.NextAsync(limit: null, cancellationToken) is { } letter)
        {
            if (Read(letter, cancellationToken) is { } invitation) yield return invitation;
        }
    }

    private Invitation? Read(ReceivedLetter letter, CancellationToken cancellationToken)
    {
        if (letter.Introduction.ToIntroduction() is not { } theirs) return null;
        IPEndPoint endPoint = theirs.EndPoint;
        (string, ulong) key = (letter.Peer.KeyIdText, theirs.Puzzle);
        if (_conversations.TryGetValue(key, out EmailConversation? conversation))
        {
            if (letter.SignedAt <= conversation.Newest) return null; // A later one has been read.
            conversation.Newest = letter.SignedAt;
            if (conversation.EndPoint.Equals(endPoint))
            {
                if (conversation.Ours is { } answer) _ = AnswerAgainAsync(letter.Peer, conversation, theirs.Puzzle, answer, cancellationToken);
                return null;
            }

            conversation.EndPoint = endPoint; // The inviter's NAT has given it another one: the attempt begins anew.
        }
        else
        {
            conversation = Begin(key, endPoint, letter.SignedAt);
        }

        return new Invitation(letter.Peer, theirs, (ours, token) => AnswerAsync(letter.Peer, conversation, theirs.Puzzle, ours, token));
    }

    private EmailConversation Begin((string, ulong) key, IPEndPoint endPoint, DateTimeOffset signedAt)
    {
        if (_order.Count == MaximumConversations) _conversations.Remove(_order.Dequeue());
        EmailConversation conversation = new() { EndPoint = endPoint, Newest = signedAt };
        _conversations.Add(key, conversation);
        _order.Enqueue(key);
        return conversation;
    }

    private async Task AnswerAsync(Identity peer, EmailConversation conversation, ulong asked, Introduction ours, CancellationToken cancellationToken)
    {
        conversation.Ours = ours;
        if (!conversation.TryCountAnswer()) return;
        EmailLog.Answering(post.Logger, peer.Name);
        await using LetterSender sender = post.Sender();
        await sender.SendAsync(post.Write(host, peer, IntroductionKind.Answer, ours, new Puzzle(asked)), cancellationToken);
    }

    /// <summary>Answers a repetition. It throws nothing, since nobody waits for it.</summary>
    private async Task AnswerAgainAsync(Identity peer, EmailConversation conversation, ulong asked, Introduction ours, CancellationToken cancellationToken)
    {
        try
        {
            await AnswerAsync(peer, conversation, asked, ours, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The acceptor stops.
        }
        catch (PlexusException e)
        {
            EmailLog.AnswerNotSent(post.Logger, peer.Name, e.Message);
        }
    }
}
