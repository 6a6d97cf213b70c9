using System.Globalization;
using System.Net;

namespace Plexus.Protocols.Stun;

/// <summary>Finds out what the world sees of one socket, by asking several servers at once, and keeps that mapping alive.</summary>
/// <remarks>
/// <para>The socket's outer endpoint is there with the first answer, <see cref="Mapped"/>; later answers refine the
/// class of the mapping and outvote a server that lies. Servers that tell another address of theirs (RFC 5780) are
/// asked there too. A request to the own outer endpoint finds out whether the NAT sends it back (hairpin).</para>
/// <para>It never ends by itself: once there is an answer it asks again each 20 s. Its caller stops when it likes.
/// Datagrams of others are counted and otherwise ignored.</para>
/// </remarks>
internal sealed class MappingDiscovery : IDatagramProtocol
{
    private const int MaxServers = 16; // More witnesses say nothing new.
    private const int MaxAlternates = 8; // A server names two; it takes few servers to tell the class.
    private const int MaxObservations = 64; // The latest ones; the list grows only when a mapping changes.

    // One comparison with all servers is enough for a while: two liars that contradict themselves in turn would keep us asking everybody.
    private static readonly TimeSpan ComparisonPause = TimeSpan.FromSeconds(1);

    private readonly Action<Span<byte>> _random;
    private readonly MappingDiscoveryOptions _options;
    private readonly List<MappingTarget> _servers;
    private readonly List<MappingTarget> _alternates = [];
    private readonly List<MappingObservation> _observations = [];
    private StunTransaction? _hairpin;
    private Instant? _confirmsUntil;
    private Instant? _settlesAt;
    private Instant? _asksAgainAt;
    private Instant? _comparesAgainAt;

    /// <param name="inner">The socket's own endpoint; with a concrete address if it is to be told whether there is a NAT.</param>
    /// <param name="servers">Whom to ask, in the order of preference, of the socket's family; the first 16 count.</param>
    /// <param name="random">Fills a span with unpredictable bytes.</param>
    /// <param name="now">When the questions are due.</param>
    /// <param name="options">Times; null for the defaults.</param>
    public MappingDiscovery(
        IPEndPoint inner,
        IEnumerable<IPEndPoint> servers,
        Action<Span<byte>> random,
        Instant now,
        MappingDiscoveryOptions? options = null)
    {
        Inner = inner;
        _random = random;
        _options = options ?? new();
        _servers = [.. servers.Distinct().Take(MaxServers).Select(s => new MappingTarget(s, isAlternate: false))];
        foreach (MappingTarget server in _servers) Ask(server, now);
    }

    /// <summary>The socket's own endpoint.</summary>
    public IPEndPoint Inner { get; }

    /// <summary>The outer endpoint: the one that most servers see, or the first one; null before the first answer.</summary>
    public IPEndPoint? Mapped { get; private set; }

    /// <summary>Grows by one whenever <see cref="Mapped"/> gets another value, the first one included.</summary>
    public int Revision { get; private set; }

    /// <summary>What was seen, in the order of arrival: first answers, and later ones that differ.</summary>
    public IReadOnlyList<MappingObservation> Observations => _observations;

    /// <summary>The servers that were asked, with their answer or the reason why there is none.</summary>
    public IReadOnlyList<MappingTarget> Servers => _servers;

    /// <summary>The other address of the first server that told one, and that server: what a filtering test needs.</summary>
    public (IPEndPoint Server, IPEndPoint Other)? OtherAddress { get; private set; }

    /// <summary>Whether a datagram to our own outer endpoint comes back; null when not known yet.</summary>
    public bool? Hairpin { get; private set; }

    /// <summary>Whether <see cref="Mapped"/> may be used: two servers agree, or a second one has not been quick enough.</summary>
    public bool IsConfirmed => Mapped is not null
        && (_confirmsUntil is null
            || _servers.TrueForAll(s => s.Pending is null)
            || _servers.Count(s => s.Observation?.Mapped.Equals(Mapped) == true) > 1);

    /// <summary>Whether nobody answered, and nobody will.</summary>
    public bool HasFailed => Mapped is null && _servers.TrueForAll(s => s.Pending is null);

    /// <summary>Whether nothing is being waited for: each server and each test has its result.</summary>
    public bool IsComplete => _hairpin is null && Targets.All(t => t.Pending is null);

    /// <summary>Whether no more is worth waiting for: complete, or 1.5 s have passed since the first answer.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Datagrams that belong to none of our questions.</summary>
    public int Ignored { get; private set; }

    /// <summary>Answers with one of our ids that came from somebody we did not ask.</summary>
    public int Misdirected { get; private set; }

    public Instant? Deadline
    {
        get
        {
            Instant? earliest = Instant.Earliest(_asksAgainAt, Instant.Earliest(_hairpin?.Deadline, _settlesAt));
            earliest = Instant.Earliest(earliest, _confirmsUntil);
            foreach (MappingTarget target in Targets) earliest = Instant.Earliest(earliest, target.Pending?.Deadline);
            return earliest;
        }
    }

    private IEnumerable<MappingTarget> Targets => _servers.Concat(_alternates);

    /// <summary>What has been found out so far.</summary>
    /// <param name="filtering">The result of a <see cref="FilteringDiscovery"/>, if there was one.</param>
    public NatBehavior Behavior(NatDependency filtering = NatDependency.Unknown)
    {
        MappingVerdict verdict = Verdict();
        bool behindNat = !Inner.Equals(Mapped);
        return new(behindNat, Hairpin, Mapped?.Port != Inner.Port, verdict.AddressVaries, verdict.Mapping, filtering);
    }

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (BindingAnswer.TryRead(datagram, out BindingAnswer? answer)) OnAnswer(answer!, from, now);
        else if (IsOwnRequest(datagram)) (Hairpin, _hairpin) = (true, null);
        else Ignored++;
        IsSettled |= IsComplete;
    }

    public void OnDeadline(Instant now)
    {
        foreach (MappingTarget target in Targets)
        {
            if (target.Pending?.HasExpired(now) == true) target.Fail(NoAnswer());
        }

        if (_hairpin?.HasExpired(now) == true) (Hairpin, _hairpin) = (false, null);
        if (_confirmsUntil <= now) _confirmsUntil = null;
        if (_settlesAt <= now) (IsSettled, _settlesAt) = (true, null);
        if (_asksAgainAt <= now) AskAgain(now);
        IsSettled |= IsComplete;
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        foreach (MappingTarget target in Targets)
        {
            if (target.Pending?.TryTransmit(buffer, now, out transmit) == true) return true;
        }

        transmit = default;
        return _hairpin?.TryTransmit(buffer, now, out transmit) == true;
    }

    private void OnAnswer(BindingAnswer answer, IPEndPoint from, Instant now)
    {
        MappingTarget? target = Targets.FirstOrDefault(t => t.Pending?.Id == answer.TransactionId);
        if (target is null)
        {
            Ignored++; // A stranger's answer, or the second one to a repeated request.
            return;
        }

        if (!from.Equals(target.Destination))
        {
            Misdirected++;
            return;
        }

        if (answer.ErrorCode == BindingAnswer.TryAlternate && target.TryRedirect(answer.Alternate)) Ask(target, now);
        else if (answer.ErrorCode != 0) target.Fail(Refused(answer));
        else if (answer.Mapped is not { } mapped || !StunDestination.IsUsable(mapped, Inner.AddressFamily))
            target.Fail("it answered without a usable address");
        else OnMapped(target, mapped, answer.Other, now);
    }

    private void OnMapped(MappingTarget target, IPEndPoint mapped, IPEndPoint? other, Instant now)
    {
        bool hadAnswered = target.Observation is not null;
        bool isNews = target.Succeed(mapped, now);
        if (isNews) Record(target.Observation!.Value);
        _asksAgainAt ??= now + _options.KeepAlive;
        if (Mapped is null) (_confirmsUntil, _settlesAt) = (now + _options.Confirmation, now + _options.Settling);
        if (other is not null && !target.IsAlternate) AskElsewhere(target.Destination, other, now);
        if (isNews && hadAnswered && !target.IsAlternate && !(now < _comparesAgainAt)) AskAllBut(target, now); // Is it the NAT, or only this server?
        Elect(now);
    }

    private void Record(MappingObservation observation)
    {
        if (_observations.Count == MaxObservations) _observations.RemoveAt(1); // The very first one is of interest.
        _observations.Add(observation);
    }

    private MappingVerdict Verdict() =>
        MappingVerdict.Of([.. Targets.Where(t => t.Observation is not null).Select(t => t.Observation!.Value).OrderBy(o => o.At)]);

    private void Elect(Instant now)
    {
        if (Verdict().Mapped is not { } elected || elected.Equals(Mapped)) return;
        Mapped = elected;
        Revision++;
        bool throughNat = !elected.Equals(Inner);
        Hairpin = throughNat ? null : true; // Without a NAT the system itself delivers it.
        _hairpin = throughNat ? new(elected, StunTransactionId.New(_random), now, _options.HairpinLimit) : null;
    }

    // The same address at another port, and another address at the same port: RFC 5780 section 4.3.
    private void AskElsewhere(IPEndPoint server, IPEndPoint other, Instant now)
    {
        if (!StunDestination.IsUsable(other, Inner.AddressFamily)) return;
        if (!other.Address.Equals(server.Address)) OtherAddress ??= (server, other);
        AskAlternate(new IPEndPoint(server.Address, other.Port), now);
        AskAlternate(new IPEndPoint(other.Address, server.Port), now);
    }

    private void AskAlternate(IPEndPoint endpoint, Instant now)
    {
        if (_alternates.Count == MaxAlternates || Targets.Any(t => t.Destination.Equals(endpoint))) return;
        MappingTarget alternate = new(endpoint, isAlternate: true);
        _alternates.Add(alternate);
        Ask(alternate, now);
    }

    private void AskAllBut(MappingTarget target, Instant now)
    {
        _comparesAgainAt = now + ComparisonPause;
        foreach (MappingTarget other in Targets)
        {
            if (other != target && other.Observation is not null && other.Pending is null) Ask(other, now);
        }
    }

    // One question keeps the mapping: to who answered first among those that agree with the result.
    private void AskAgain(Instant now)
    {
        _asksAgainAt = now + _options.KeepAlive;
        MappingTarget? keeper = _servers.Where(s => s.Observation is not null)
            .OrderByDescending(s => s.Observation!.Value.Mapped.Equals(Mapped))
            .ThenBy(s => s.Observation!.Value.At)
            .FirstOrDefault();
        if (keeper is { Pending: null }) Ask(keeper, now);
        if (keeper is not null) return;
        foreach (MappingTarget server in _servers.Where(s => s.Pending is null)) Ask(server, now); // All fell silent.
    }

    private void Ask(MappingTarget target, Instant now) => target.Ask(StunTransactionId.New(_random), now, _options.Limit);

    private bool IsOwnRequest(ReadOnlySpan<byte> datagram) =>
        _hairpin is not null
        && StunMessage.TryRead(datagram, out StunMessage message)
        && message.Type == StunMessageType.BindingRequest
        && message.TransactionId == _hairpin.Id;

    private string NoAnswer() =>
        string.Create(CultureInfo.InvariantCulture, $"no answer within {_options.Limit.TotalSeconds:0.#} s");

    private static string Refused(BindingAnswer answer) =>
        string.Create(CultureInfo.InvariantCulture, $"it refused with error {answer.ErrorCode} {answer.Reason}").TrimEnd();
}
