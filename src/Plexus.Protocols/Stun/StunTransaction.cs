using System.Net;

namespace Plexus.Protocols.Stun;

/// <summary>One request and its repetitions, RFC 8489 section 6.2.1: the same id each time, so that a late answer counts.</summary>
internal sealed class StunTransaction
{
    // RFC 8489 wants 500 ms at first. Half of it finds the address sooner on a line that loses datagrams, and five
    // small datagrams in as many seconds burden nobody. The original begins with 200 ms.
    private static readonly TimeSpan InitialInterval = TimeSpan.FromMilliseconds(250);

    private readonly StunChange _change;
    private readonly Instant _end;
    private TimeSpan _interval = InitialInterval;
    private Instant? _due;
    private Instant _lastSent;

    /// <param name="to">The destination.</param>
    /// <param name="id">The id of all its requests.</param>
    /// <param name="now">When the first request is due.</param>
    /// <param name="limit">How long an answer is waited for.</param>
    /// <param name="change">From where the answer is wanted.</param>
    public StunTransaction(
        IPEndPoint to, StunTransactionId id, Instant now, TimeSpan limit, StunChange change = StunChange.None)
    {
        To = to;
        Id = id;
        _change = change;
        _due = now;
        _end = now + limit;
    }

    public IPEndPoint To { get; }

    public StunTransactionId Id { get; }

    public Instant Deadline => _due is { } due && due < _end ? due : _end;

    public bool HasExpired(Instant now) => now >= _end;

    /// <summary>The time since the latest request: the round trip, unless an earlier request was answered.</summary>
    public TimeSpan RoundTrip(Instant now) => now - _lastSent;

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (_due is not { } due || now < due || HasExpired(now)) return false;
        transmit = new Transmit(BindingRequest.Write(buffer, Id, _change), To);
        _lastSent = now;
        _due = now + _interval;
        _interval *= 2;
        return true;
    }
}
