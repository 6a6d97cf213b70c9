using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Plexus.Dht;
using Plexus.Identities;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Rendezvous.Dht;

/// <summary>Sorts what lies under a key of ours: what known peers have signed for us, each once, in order of arrival.</summary>
/// <remarks>
/// Anybody may put values there. What is cheap is checked first, so that a stranger's value costs a look into an index:
/// owner, repository, signature, age and copies, and only then the decryption.
/// </remarks>
internal sealed class PeerMail(
    IdentityRepository repository, Identity host, IdentityName peers, IntroductionKind kind, string application, TimeProvider clock, ILogger logger)
{
    private const int MaximumStrangers = 256; // Keys told in the log; later ones are only counted.

    private readonly ValueQueue _values = new();
    private readonly InvitationInbox _inbox = new(clock.GetUtcNow().ToUnixTimeSeconds());
    private readonly HashSet<InfoHash> _strangers = [];

    /// <summary>Listens under a key, for ever.</summary>
    public async IAsyncEnumerable<PeerLetter> ReadAsync(
        DhtNode node, InfoHash key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using IDisposable listening = node.Listen(key, Take);
        while (true)
        {
            while (_values.TryTake(out DhtValue? value))
            {
                if (TryOpen(value, out Identity peer, out PeerIntroduction? introduction)) yield return new PeerLetter(peer, value.Id, introduction);
            }

            await _values.WaitAsync(Timeout.InfiniteTimeSpan, clock, cancellationToken);
        }
    }

    private static bool Drop(string reason)
    {
        RendezvousDrop.Count(reason);
        return false;
    }

    private void Take(DhtValue value)
    {
        // Anybody may put such ones by the thousand: they must not even queue.
        if (value.IsSigned) _values.Add(value);
        else Drop("owner");
    }

    private bool TryOpen(DhtValue value, out Identity peer, [NotNullWhen(true)] out PeerIntroduction? introduction)
    {
        introduction = null;
        peer = host;
        if (value.OwnerId is not { } owner) return Drop("owner");
        if (repository.FindPeer(owner.ToArray(), peers) is not { } known) return DropStranger(owner);
        peer = known;
        if (!SealedIntroduction.IsSignedBy(value, known)) return Drop("signature");
        long now = clock.GetUtcNow().ToUnixTimeSeconds();
        InvitationVerdict verdict = _inbox.Judge(owner, value.Id, value.Data.Span, now);
        if (verdict != InvitationVerdict.Fresh) return Drop(known, value, verdict, now);
        IntroductionOccasion occasion = new(kind, application, known.SubjectPublicKeyInfo, host.SubjectPublicKeyInfo);
        if (SealedIntroduction.TryOpen(value, host, occasion, out introduction, out string reason)) return true;
        if (reason == "newer") DhtRendezvousLog.Newer(logger, known.Name);
        else DhtRendezvousLog.Unreadable(logger, known.Name, reason);
        return Drop(reason);
    }

    private bool DropStranger(InfoHash owner)
    {
        if (_strangers.Count < MaximumStrangers && _strangers.Add(owner)) DhtRendezvousLog.Stranger(logger, owner.ToString());
        return Drop("stranger");
    }

    private bool Drop(Identity peer, DhtValue value, InvitationVerdict verdict, long now)
    {
        if (verdict == InvitationVerdict.Duplicate) return false; // Storing nodes deliver each value a few times.
        DhtRendezvousLog.InvitationDropped(logger, peer.Name, value.Id, verdict);
        double minutes = Math.Abs((double)value.Id - now) / 60;
        if (verdict is InvitationVerdict.Stale or InvitationVerdict.FromTheFuture && minutes * 60 > InvitationInbox.Window)
            DhtRendezvousLog.ClockDiffers(logger, peer.Name, minutes);
        return Drop(verdict == InvitationVerdict.Replayed ? "replay" : "time");
    }
}
