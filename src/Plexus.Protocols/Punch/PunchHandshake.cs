using System.Net;

namespace Plexus.Protocols.Punch;

/// <summary>Opens both NATs and proves that each side hears the other: docs/protocols/handshake.md.</summary>
/// <remarks>
/// <code>
///   inviter                     acceptor
///   Knocking  ── frame(0) ──►   Listening   the acceptor's own first frames die after PunchPlan.Hops
///             ◄─ frame(1) ───   Listening   it has heard the inviter
///   Open      ── frame(1) ──►   Open        both directions are proved
/// </code>
/// It speaks with the original in both roles. It does more: junk is counted and changes nothing; the last frame is sent three
/// times; lost frames are made good; a peer whose NAT shows another port than it introduced is found.
/// </remarks>
internal sealed class PunchHandshake : IDatagramProtocol
{
    private const int MostCandidates = 4; // A peer behind the worst NAT shows one port for each of ours, and we have one.
    private const int MostOutgoing = 32; // All that one call can ask for, and more.
    private const int Confirmations = 3; // With a tenth of all datagrams lost, all three are lost once in a thousand times.
    private const int MostKnocksBeforeSilence = 8; // A peer that knocks on and on does not hear our answers.

    // Fast enough for the peer's start of a command, slow enough to outlive a short burst of loss.
    private static readonly TimeSpan ConfirmationPace = TimeSpan.FromMilliseconds(50);

    // An inviter against an inviter, or a replay, must not become a storm: the original's would.
    private static readonly TimeSpan ShortestKnockPause = TimeSpan.FromMilliseconds(10);

    // NATs commonly forget a mapping after 30 s.
    private static readonly TimeSpan KeepAlivePace = TimeSpan.FromSeconds(15);

    // Five knocks of an original inviter: one that still knocks would have been heard.
    private static readonly TimeSpan Silence = KnockSchedule.Pace * 5;

    private readonly PunchPlan _plan;
    private readonly Func<ulong> _random;
    private readonly Instant _expires;
    private readonly PunchSource _planned;
    private readonly List<PunchSource> _candidates = new(MostCandidates);
    private readonly Queue<(IPEndPoint To, bool HeardUs, byte? Hops)> _outgoing = new();
    private PunchSource _answeredLast; // A candidate if there is one: the planned endpoint may be closed.
    private KnockSchedule? _knocks;
    private KnockSchedule? _primes;
    private Instant? _nextConfirmation;
    private Instant? _nextKeepAlive;
    private Instant? _silent;
    private int _confirmations;
    private int _knocksAnswered;
    private int _sent;
    private int _heard;
    private int _junk;
    private int _strangers;

    /// <param name="plan">What to do.</param>
    /// <param name="random">Gives 64 random bits at each call, from a source that nobody can guess.</param>
    /// <param name="now">The present.</param>
    public PunchHandshake(PunchPlan plan, Func<ulong> random, Instant now)
    {
        _plan = plan;
        _random = random;
        _planned = _answeredLast = new(plan.Peer, isPlanned: true);
        Peer = PeerSource = plan.Peer;
        Instant start = now + plan.StartAfter;
        _expires = start + plan.Limit;
        if (plan.Role == PunchRole.Inviter)
        {
            State = PunchState.Knocking;
            _knocks = new(start);
        }
        else
        {
            State = PunchState.Listening;
            _primes = new(start);
            _knocks = new(start + plan.FullKnocksAfter);
        }

        OnDeadline(now);
    }

    public PunchState State { get; private set; }

    /// <summary>What it does.</summary>
    public PunchPlan Plan => _plan;

    /// <summary>Where to send to: proved when <see cref="State"/> is Open.</summary>
    public IPEndPoint Peer { get; private set; }

    /// <summary>
    /// Where the peer's datagrams come from. It is not <see cref="Peer"/> only when both NATs show another port for each
    /// destination and let everybody in: then each direction has its own pair of ports.
    /// </summary>
    public IPEndPoint PeerSource { get; private set; }

    /// <summary>True when nothing more is to be sent for the peer's sake: the port may be handed over.</summary>
    public bool IsSettled => State == PunchState.Open && _nextConfirmation is null && _outgoing.Count == 0;

    /// <summary>True when the acceptor took the silence of a peer that it had answered for its confirmation.</summary>
    public bool OpenedBySilence { get; private set; }

    public PunchStatistics Statistics => new(_sent, _heard, _junk, _strangers);

    public Instant? Deadline => State switch
    {
        PunchState.Expired => null,
        PunchState.Open => Instant.Earliest(_nextConfirmation, _nextKeepAlive),
        _ => Instant.Earliest(_silent, Instant.Earliest(_expires, Instant.Earliest(_primes?.Next, _knocks?.Next))),
    };

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (State == PunchState.Expired) return;
        if (!from.Address.Equals(_plan.Peer.Address))
        {
            _strangers++;
            return;
        }

        PunchSource? source = Find(from);
        if (!PunchFrame.TryRead(datagram, _plan.Secret, out bool heardUs))
        {
            _junk++;
            source?.Spoil();
            return;
        }

        source ??= Add(from);
        if (source is null || source.IsSpoiled)
        {
            _strangers++;
            return;
        }

        _heard++;
        source.Take(datagram[..PunchFrame.Length], heardUs, _answeredLast);
        if (_plan.Role == PunchRole.Inviter) OnFrameAsInviter(source, heardUs, now);
        else OnFrameAsAcceptor(source, heardUs, now);
    }

    public void OnDeadline(Instant now)
    {
        if (State == PunchState.Open)
        {
            if (_nextConfirmation <= now) Confirm(now);
            if (_nextKeepAlive <= now) KeepAlive(now);
            return;
        }

        if (State == PunchState.Expired) return;
        if (_silent <= now)
        {
            OpenedBySilence = true;
            Open(_planned, now);
        }
        else if (now >= _expires)
        {
            State = PunchState.Expired;
            _outgoing.Clear();
        }
        else
        {
            KnockIfDue(now);
        }
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (!_outgoing.TryDequeue(out var next)) return false;
        PunchFrame.Write(buffer, _plan.Secret, next.HeardUs, _random());
        transmit = new(PunchFrame.Length, next.To, next.Hops);
        _sent++;
        return true;
    }

    private void OnFrameAsInviter(PunchSource source, bool heardUs, Instant now)
    {
        if (State == PunchState.Open)
        {
            // An acceptor that knocks has not understood yet. One that answers an older knock of ours will.
            if (!heardUs && source.TryAnswer()) Send(source, heardUs: true, now);
            if (source.IsPlanned && source.IsProved && PeerSource != source.EndPoint) Open(source, now);
        }
        else if (source.IsProved)
        {
            Open(source, now);
        }
        else
        {
            // A reply at once, as the original does; to an unproved source, so that it sends another frame.
            PunchSource to = source.HeardAt ?? source;
            if (!(now - to.LastSent < ShortestKnockPause) && source.TryAnswer()) Send(to, heardUs: false, now);
        }
    }

    private void OnFrameAsAcceptor(PunchSource source, bool heardUs, Instant now)
    {
        if (source.IsProved)
        {
            bool isBetter = source.IsPlanned && PeerSource != source.EndPoint;
            if (State != PunchState.Open || isBetter) Open(source, now);
            OpenedBySilence &= !heardUs;
        }

        // After its confirmation an inviter does not knock: such a frame has been overtaken, and its program runs already.
        if (heardUs || (State == PunchState.Open && !OpenedBySilence)) return;
        if (source.TryAnswer()) Send(source, heardUs: true, now);

        if (!source.IsPlanned || State == PunchState.Open) return;

        // It knocks by itself, and knows where: we need not, and must not once it may have started its command.
        _knocks = null;
        _primes = new(now + KeepAlivePace);
        _silent = ++_knocksAnswered <= MostKnocksBeforeSilence ? now + Silence : null;
    }

    private void Open(PunchSource source, Instant now)
    {
        State = PunchState.Open;
        PeerSource = source.EndPoint;
        Peer = (source.HeardAt ?? source).EndPoint;
        _knocks = _primes = null;
        _silent = null;
        _outgoing.Clear(); // A knock would be too late now.
        _nextKeepAlive = now + KeepAlivePace;
        if (_plan.Role == PunchRole.Acceptor) return; // The inviter knows already.
        _confirmations = 0;
        Confirm(now);
    }

    private void Confirm(Instant now)
    {
        Send(_planned, heardUs: true, now);
        if (Find(Peer) is { IsPlanned: false } source) Send(source, heardUs: true, now);
        _nextConfirmation = ++_confirmations < Confirmations ? now + ConfirmationPace : null;
    }

    /// <summary>
    /// Keeps our own NAT open until somebody takes the passage over. The frame dies on its way: the peer may have started a
    /// command on its port, and each side keeps its own NAT open.
    /// </summary>
    private void KeepAlive(Instant now)
    {
        Enqueue(Peer, heardUs: true, _plan.Hops);
        _nextKeepAlive = now + KeepAlivePace;
    }

    private void KnockIfDue(Instant now)
    {
        if (_knocks?.TryTake(now) == true)
        {
            if (_plan.Role == PunchRole.Acceptor) _primes = null; // A knock opens our NAT as well.
            Send(_planned, heardUs: false, now);
        }

        if (_primes?.TryTake(now) == true)
        {
            if (_knocks is null) _primes = new(now + KeepAlivePace); // It has been heard: only the mapping must live on.
            Enqueue(_plan.Peer, heardUs: false, _plan.Hops);
        }
    }

    private void Send(PunchSource to, bool heardUs, Instant now)
    {
        to.Sent(now);
        if (!to.IsPlanned) _answeredLast = to;
        Enqueue(to.EndPoint, heardUs, hops: null);
    }

    private void Enqueue(IPEndPoint to, bool heardUs, byte? hops)
    {
        if (_outgoing.Count < MostOutgoing) _outgoing.Enqueue((to, heardUs, hops));
    }

    private PunchSource? Find(IPEndPoint from)
    {
        if (from.Equals(_plan.Peer)) return _planned;
        foreach (PunchSource candidate in _candidates)
        {
            if (from.Equals(candidate.EndPoint)) return candidate;
        }

        return null;
    }

    private PunchSource? Add(IPEndPoint from)
    {
        if (_candidates.Count >= MostCandidates) return null;
        PunchSource added = new(from, isPlanned: false);
        _candidates.Add(added);
        return added;
    }
}
