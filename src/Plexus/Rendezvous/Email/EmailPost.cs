using System.Buffers;
using Microsoft.Extensions.Logging;
using Plexus.Identities;
using Plexus.Protocols.Introductions;

namespace Plexus.Rendezvous.Email;

/// <summary>What an inviter and an acceptor share: the account, the options, and how letters are written and read.</summary>
internal sealed class EmailPost(
    IMailAccount account, EmailRendezvousOptions options, IdentityRepository repository, Func<double> random, TimeProvider clock, ILogger logger)
{
    /// <summary>The first look for an answer comes after it: a peer that waits answers within a second or two.</summary>
    private static readonly TimeSpan FirstAnswerPoll = TimeSpan.FromSeconds(1);

    /// <summary>3 s: within them a peer that waits has answered, if both providers are quick; a dozen questions.</summary>
    private static readonly TimeSpan Eager = TimeSpan.FromSeconds(3);

    /// <summary>The first look for an invitation.</summary>
    private static readonly TimeSpan FirstInvitationPoll = TimeSpan.FromSeconds(10);

    /// <summary>Routers forget an idle connection after two minutes and more, and a server that has gone is noticed by the next word to it.</summary>
    private static readonly TimeSpan LongIdle = TimeSpan.FromSeconds(110);

    /// <summary>What a letter needs on its way: an invitation that has waited a little longer than its inviter is stale.</summary>
    private static readonly TimeSpan Way = TimeSpan.FromSeconds(30);

    private static readonly SearchValues<char> NotInHeaders = SearchValues.Create("<>(),;:\"[]");

    public EmailRendezvousOptions Options => options;

    public TimeProvider Clock => clock;

    public ILogger Logger => logger;

    public LetterSender Sender() => new(account, options.SendTimeout, random, clock, logger);

    /// <summary>Watches for answers of one peer, to what is asked from now on.</summary>
    public LetterWatch Answers(Identity host, Identity peer)
    {
        LetterReader reader = new(host, serial => peer.Certificate.SerialNumber == serial ? [peer] : [], clock);
        WatchTimes times = new(
            Shorter(FirstAnswerPoll, options.AnswerPoll), options.AnswerPoll, options.AnswerPoll, Eager,
            null, options.Wait + LetterReader.ClockDifference, EndsWhenTheUserIsNeeded: true);
        return Watch(reader, host, options.AcceptToken, times);
    }

    /// <summary>Watches for letters of all peers that a filter lets in, and for those that wait there already.</summary>
    public LetterWatch Invitations(Identity host, IdentityName peers, string token)
    {
        LetterReader reader = new(host, serial => repository.FindPeersBySerialNumber(serial, peers), clock);
        WatchTimes times = new(
            Shorter(FirstInvitationPoll, options.InvitationPoll), options.InvitationPoll, LongIdle, TimeSpan.Zero,
            options.Wait + Way, options.Wait + LetterReader.ClockDifference, EndsWhenTheUserIsNeeded: false);
        return Watch(reader, host, token, times);
    }

    /// <summary>Writes a letter.</summary>
    /// <exception cref="PlexusException">A name is no address.</exception>
    public OutgoingLetter Write(Identity host, Identity peer, string token, string text)
    {
        RequireAddress(host);
        RequireAddress(peer);
        return new(host.Name.Owner, peer.Name.Owner, SealedLetter.Seal(host, peer, options.Subject(token), text, clock.GetUtcNow()));
    }

    /// <summary>Writes a letter with an introduction.</summary>
    public OutgoingLetter Write(Identity host, Identity peer, string token, Introduction introduction) =>
        Write(host, peer, token, IntroductionText.Write(introduction.EndPoint, new Puzzle(introduction.Puzzle)));

    /// <summary>The owner must be an address, and nothing else that a header could be made of.</summary>
    /// <exception cref="PlexusException">It is none.</exception>
    public static void RequireAddress(Identity identity)
    {
        string owner = identity.Name.Owner;
        int at = owner.IndexOf('@', StringComparison.Ordinal);
        bool isAddress = at > 0 && at < owner.Length - 1 && owner.LastIndexOf('@') == at;
        if (!isAddress || identity.Name.ToString().AsSpan().ContainsAny(NotInHeaders))
        {
            throw new PlexusException(
                PlexusStage.Rendezvous, $"No letter can be sent between {identity} and others: for the rendezvous by e-mail the first part of an identity is its mail address.");
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private LetterWatch Watch(LetterReader reader, Identity host, string token, WatchTimes times) =>
        new(account, reader, host, options.Subject(token), times, options.Consumed, random, clock, logger);
}
