using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Plexus.Dht;
using Plexus.Identities;
using Plexus.Protocols;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Rendezvous.Dht;

/// <summary>One invitation over the DHT, repeated with greater ids until the caller has what it wants.</summary>
internal sealed class DhtInviter(
    DhtNode node, DhtRendezvousOptions options, ValueIds ids, Identity host, Identity peer, TimeProvider clock, ILogger logger)
{
    /// <summary>
    /// Pauses between invitations. An original acceptor loses some at random, and a lost datagram costs the DHT about a
    /// second: the first repetition comes when both are likely, later ones are rare enough to bother nobody.
    /// </summary>
    private static readonly TimeSpan[] Pauses = [.. new[] { 2.5, 4, 7, 10, 15 }.Select(TimeSpan.FromSeconds)];

    /// <summary>8 s: a peer that has answered is given this time before it is invited again, since each invitation may start an attempt of its.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private const int MostAnswers = 64; // Replays among them.
    private const int MostUsed = 1_024; // Anybody may put values at our key.

    private readonly RendezvousKeys _keys = new(options);
    private readonly HashSet<ulong> _asked = [];
    private readonly HashSet<ulong> _used = [];
    private readonly ValueQueue _answers = new();
    private readonly HashSet<Introduction> _told = [];
    private readonly List<DhtPut> _puts = [];
    private readonly long _start = clock.GetTimestamp();

    private Instant Now => new(clock.GetElapsedTime(_start));

    public async IAsyncEnumerable<Introduction> InviteAsync(
        Func<CancellationToken, Task<Introduction>> introduce, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        InfoHash inviteKey = _keys.Invite(peer);
        using IDisposable listening = node.Listen(_keys.Accept(host), _answers.Add);
        DhtApproach approach = node.Approach(inviteKey); // Its tokens are there when the introduction is.
        try
        {
            Introduction ours = await introduce(cancellationToken);
            Instant limit = Now + options.ResponseTimeout;
            // The ids that are taken are known with the first answer, and no put can be sent before it.
            await approach.AnsweredAsync(Pauses[0] < options.ResponseTimeout ? Pauses[0] : options.ResponseTimeout, cancellationToken);
            SetAsideEarlyAnswers();
            for (int round = 0; ; round++)
            {
                _puts.Add(Put(inviteKey, ours, approach));
                approach.Dispose();
                approach = node.Approach(inviteKey); // For the ids that are taken by the next round.
                Instant next = Now + Pauses[Math.Min(round, Pauses.Length - 1)];
                while (await AnswerAsync(ours, _told.Count > 0 || next < limit ? next : limit, cancellationToken) is { } theirs)
                {
                    if (_told.Count >= MostAnswers || !_told.Add(theirs)) continue;
                    yield return theirs;
                    next = Now + Patience; // It is being tried.
                }

                if (_told.Count == 0 && Now >= limit) throw NoAnswer();
                ours = await introduce(cancellationToken);
            }
        }
        finally
        {
            approach.Dispose();
            foreach (DhtPut put in _puts) put.Dispose(); // Withdraws what is still on its way.
        }
    }

    /// <summary>What is answered before we have asked was asked by another run of ours, perhaps in this very second.</summary>
    private void SetAsideEarlyAnswers()
    {
        while (_used.Count < MostUsed && _answers.TryTake(out DhtValue? early)) _used.Add(early.Id);
    }

    private DhtPut Put(InfoHash key, Introduction ours, DhtApproach approach)
    {
        ulong id = ids.Next(taken => _used.Contains(taken) || approach.IsTaken(taken));
        _asked.Add(id);
        DhtRendezvousLog.Inviting(logger, peer.Name, id);
        IntroductionOccasion occasion = new(
            IntroductionKind.Invitation, options.AppId, host.SubjectPublicKeyInfo, peer.SubjectPublicKeyInfo);
        return node.Put(key, SealedIntroduction.Seal(host, peer, id, occasion, ours));
    }

    private async Task<Introduction?> AnswerAsync(Introduction asked, Instant until, CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_answers.TryTake(out DhtValue? value))
            {
                if (Read(value, asked) is { } theirs) return theirs;
            }

            TimeSpan left = until - Now;
            if (left <= TimeSpan.Zero || !await _answers.WaitAsync(left, clock, cancellationToken)) return null;
        }
    }

    private Introduction? Read(DhtValue value, Introduction asked)
    {
        // What is cheap comes first: anybody may put values here.
        string? reason =
            !_asked.Contains(value.Id) ? "id"
            : value.OwnerId is not { } owner || !peer.KeyId.Span.SequenceEqual(owner.ToArray()) ? "owner"
            : !SealedIntroduction.IsSignedBy(value, peer) ? "signature"
            : null;
        if (reason is null)
        {
            IntroductionOccasion occasion = new(
                IntroductionKind.Answer, options.AppId, peer.SubjectPublicKeyInfo, host.SubjectPublicKeyInfo, new Puzzle(asked.Puzzle));
            if (!SealedIntroduction.TryOpen(value, host, occasion, out PeerIntroduction? answer, out reason))
            {
                if (reason == "newer") DhtRendezvousLog.Newer(logger, peer.Name);
            }
            else if (answer.ToIntroduction() is { } theirs)
            {
                return theirs;
            }
            else
            {
                reason = "content";
            }
        }

        RendezvousDrop.Count(reason);
        DhtRendezvousLog.AnswerDropped(logger, value.Id, reason);
        return null;
    }

    private PlexusException NoAnswer() => new(
        PlexusStage.Rendezvous,
        node.Status != DhtStatus.Connected
            ? $"No node of the OpenDHT network answered within {options.ResponseTimeout.TotalSeconds:0} s; check the internet connection and --dht-bootstrap "
              + $"({string.Join(", ", options.Bootstrap)})."
            : !_puts.Exists(static put => put.IsTaken)
                ? $"No node of the OpenDHT network took the invitation within {options.ResponseTimeout.TotalSeconds:0} s; check --dht-bootstrap and the firewall."
                : $"{peer} did not answer within {options.ResponseTimeout.TotalSeconds:0} s: it is not waiting (plexus --accept with the same --app-id), "
                  + "or does not know our certificate, or the clocks of the machines differ by minutes.");
}
