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
    /// <param name="host">Our identity.</param>
    /// <param name="peer">The peer.</param>
    /// <param name="asked">Gives the invitation's puzzle; it is asked when a letter has come.</param>
    public LetterWatch Answers(Identity host, Identity peer, Func<Puzzle> asked)
    {
        LetterReader reader = new(
            host, serial => peer.Certificate.SerialNumber == serial ? [peer] : [], sender => Occasion(IntroductionKind.Answer, sender, host, asked()), clock);
        WatchTimes times = new(
            Shorter(FirstAnswerPoll, options.AnswerPoll), options.AnswerPoll, options.AnswerPoll, Eager,
            null, options.Wait + LetterReader.ClockDifference, EndsWhenTheUserIsNeeded: true);
        return Watch(reader, host, IntroductionKind.Answer, times);
    }

    /// <summary>Watches for invitations or advents of all peers that a filter lets in, and for those that wait there already.</summary>
    public LetterWatch Letters(Identity host, IdentityName peers, IntroductionKind kind)
    {
        LetterReader reader = new(
            host, serial => repository.FindPeersBySerialNumber(serial, peers), sender => Occasion(kind, sender, host), clock);
        WatchTimes times = new(
            Shorter(FirstInvitationPoll, options.InvitationPoll), options.InvitationPoll, LongIdle, TimeSpan.Zero,
            options.Wait + Way, options.Wait + LetterReader.ClockDifference, EndsWhenTheUserIsNeeded: false);
        return Watch(reader, host, kind, times);
    }

    /// <summary>Writes a letter with an introduction.</summary>
    /// <param name="host">Who writes.</param>
    /// <param name="peer">Who reads.</param>
    /// <param name="kind">An invitation or an answer.</param>
    /// <param name="ours">What we tell of ourselves.</param>
    /// <param name="answered">The puzzle of the invitation that is answered; null in an invitation.</param>
    /// <exception cref="PlexusException">A name is no address.</exception>
    public OutgoingLetter Write(Identity host, Identity peer, IntroductionKind kind, Introduction ours, Puzzle? answered = null) => Write(
        host, peer, IntroductionText.Write(ours.EndPoint, new Puzzle(ours.Puzzle)), ours.Capabilities, Occasion(kind, host, peer, answered));

    /// <summary>Writes an advent.</summary>
    /// <exception cref="PlexusException">A name is no address.</exception>
    public OutgoingLetter WriteAdvent(Identity host, Identity peer) => Write(
        host, peer, IntroductionText.EmailAdvent, PassageCapabilities.None, Occasion(IntroductionKind.Advent, host, peer));

    private OutgoingLetter Write(Identity host, Identity peer, string text, PassageCapabilities capabilities, IntroductionOccasion occasion)
    {
        RequireAddress(host);
        RequireAddress(peer);
        DateTimeOffset now = clock.GetUtcNow();
        byte[] extension = PeerIntroduction.WriteExtension(capabilities, (ulong)now.ToUnixTimeSeconds(), occasion);
        return new(host.Name.Owner, peer.Name.Owner, SealedLetter.Seal(host, peer, Subject(occasion.Kind), text, now, extension));
    }

    private IntroductionOccasion Occasion(IntroductionKind kind, Identity sender, Identity recipient, Puzzle? answered = null) =>
        new(kind, options.AppId, sender.SubjectPublicKeyInfo, recipient.SubjectPublicKeyInfo, answered);

    private string Subject(IntroductionKind kind) => options.Subject(kind switch
    {
        IntroductionKind.Invitation => options.InviteToken,
        IntroductionKind.Answer => options.AcceptToken,
        _ => options.AdventToken,
    });

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

    private LetterWatch Watch(LetterReader reader, Identity host, IntroductionKind kind, WatchTimes times) =>
        new(account, reader, host, Subject(kind), times, options.Consumed, random, clock, logger);
}
