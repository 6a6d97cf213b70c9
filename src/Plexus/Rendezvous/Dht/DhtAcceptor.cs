using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Plexus.Dht;
using Plexus.Identities;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Kademlia;

namespace Plexus.Rendezvous.Dht;

/// <summary>Waits for invitations at our key of the DHT, and answers them.</summary>
internal sealed class DhtAcceptor(
    DhtNode node, DhtRendezvousOptions options, PeerMail mail, Identity host, ILogger logger)
{
    private const int MaximumConversations = 4_096; // Of known peers; the oldest is forgotten.

    private readonly RendezvousKeys _keys = new(options);
    private readonly Dictionary<(string Peer, ulong Puzzle), Conversation> _conversations = [];
    private readonly Queue<(string Peer, ulong Puzzle)> _order = [];

    public async IAsyncEnumerable<Invitation> AcceptAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        DhtRendezvousLog.Waiting(logger);
        await foreach (PeerLetter letter in mail.ReadAsync(node, _keys.Invite(host), cancellationToken))
        {
            if (Read(letter) is { } invitation) yield return invitation;
        }
    }

    private Invitation? Read(PeerLetter letter)
    {
        (Identity peer, ulong id, PeerIntroduction introduction) = letter;
        if (introduction.ToIntroduction() is not { } theirs)
        {
            RendezvousDrop.Count("content");
            return null;
        }

        (string, ulong) key = (peer.KeyIdText, theirs.Puzzle);
        bool isRepetition = _conversations.TryGetValue(key, out Conversation? conversation);
        conversation ??= Begin(key, peer);
        conversation.Add(id);
        return isRepetition
            ? null
            : new Invitation(peer, theirs, (ours, token) => AnswerAsync(conversation, ours, token));
    }

    private Conversation Begin((string Peer, ulong Puzzle) key, Identity peer)
    {
        if (_order.Count == MaximumConversations) _conversations.Remove(_order.Dequeue());
        InfoHash acceptKey = _keys.Accept(peer);
        IntroductionOccasion occasion = new(
            IntroductionKind.Answer, options.AppId, host.SubjectPublicKeyInfo, peer.SubjectPublicKeyInfo, new Puzzle(key.Puzzle));
        Conversation conversation = new((id, ours) =>
        {
            DhtRendezvousLog.Answering(logger, peer.Name, id);
            return node.Put(acceptKey, SealedIntroduction.Seal(host, peer, id, occasion, ours));
        });
        _conversations.Add(key, conversation);
        _order.Enqueue(key);
        return conversation;
    }

    private async Task AnswerAsync(Conversation conversation, Introduction ours, CancellationToken cancellationToken)
    {
        if (conversation.Answer(ours) is { } put) await put.TakenAsync(options.PutTimeout, cancellationToken);
    }
}
