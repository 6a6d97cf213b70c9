using System.Diagnostics.CodeAnalysis;
using System.Net;
using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tubus;

/// <summary>Many channels on one socket, one for each peer endpoint.</summary>
/// <remarks>
/// After each call, and after each call of a channel's own methods, drain <see cref="TryTransmit(Span{byte}, Instant, out TransmitBatch)"/>; and look at the
/// channels that <see cref="TryTakeAttention"/> names: they may have become readable, writable, linked or closed.
/// Strangers cost little: a channel for an unknown peer exists only while somebody listens, is told only when the peer has shown that it
/// hears us, and there are few of them that have not.
/// </remarks>
/// <param name="options">For all channels.</param>
/// <param name="random">Gives 64 random bits at each call, from a source that nobody can guess; with a secret once a datagram, so it should be buffered.</param>
/// <param name="control">Makes the congestion control of a channel from the length of its datagrams; null takes the default.</param>
internal sealed class TubusEndpoint(TubusOptions options, Func<ulong> random, Func<int, ICongestionControl>? control = null) : IBatchProtocol
{
    private const int MostHalfOpen = 64; // Peers that have not shown that they hear us; the oldest gives way.
    private const int MostUntaken = 64; // Accepted channels that nobody has taken yet; further links are ignored.
    private const int MostLingering = 256; // Closed channels that still answer a tear.

    // An original repeats its tear for two seconds.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    private readonly Dictionary<IPEndPoint, TubusSlot> _slots = [];
    private readonly TubusSlotQueue _ready = new();
    private readonly TubusSlotHeap _timed = new();
    private readonly Queue<TubusSlot> _halfOpen = new(); // Some of them may have been validated or closed meanwhile.
    private readonly Queue<TubusSlot> _accepted = new();
    private readonly Queue<TubusSlot> _lingering = new();
    private readonly PagePool _pool = new();
    private TubusSlot? _attention;
    private TubusSlot? _last; // Whose datagrams came last: most come from where the last ones came from.
    private byte[] _single = [];
    private ulong? _listening;

    /// <summary>Datagrams of peers that are not known and not accepted.</summary>
    public long StrangerCount { get; private set; }

    /// <summary>Channels that exist, those that only answer a tear included.</summary>
    public int Count => _slots.Count;

    /// <summary>Whether <see cref="TryTakeAccepted"/> has something to give.</summary>
    public bool HasAccepted => _accepted.Count > 0;

    public Instant? Deadline => _timed.First?.Due;

    /// <summary>Asks a peer for a channel.</summary>
    /// <exception cref="InvalidOperationException">There is a channel with this peer.</exception>
    public TubusChannel Connect(IPEndPoint peer, ulong secret, Instant now) => Open(peer, secret, TubusRole.Connector, isInvited: true, now).Channel;

    /// <summary>Waits for a link from one peer.</summary>
    /// <exception cref="InvalidOperationException">There is a channel with this peer.</exception>
    public TubusChannel Accept(IPEndPoint peer, ulong secret, Instant now) => Open(peer, secret, TubusRole.Acceptor, isInvited: true, now).Channel;

    /// <summary>Accepts links from anyone who knows the secret, until <see cref="StopListening"/>: <see cref="TryTakeAccepted"/> gives them.</summary>
    public void Listen(ulong secret) => _listening = secret;

    /// <summary>Accepts no further links. Those that were accepted stay.</summary>
    public void StopListening() => _listening = null;

    /// <summary>Gives a channel that came by listening, linked and with a peer that has shown that it hears us.</summary>
    public bool TryTakeAccepted([NotNullWhen(true)] out TubusChannel? channel, [NotNullWhen(true)] out IPEndPoint? peer)
    {
        bool any = _accepted.TryDequeue(out TubusSlot? slot);
        (channel, peer) = (slot?.Channel, slot?.Peer);
        return any;
    }

    /// <summary>Gives a channel that may have changed, each once until it changes again.</summary>
    public bool TryTakeAttention([NotNullWhen(true)] out TubusChannel? channel)
    {
        channel = null;
        if (_attention is not { } slot) return false;
        _attention = slot.NextAttention;
        slot.NextAttention = null;
        slot.WantsAttention = false;
        channel = slot.Channel;
        return true;
    }

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (datagram.IsEmpty || datagram.Length > TubusPacket.LongestDatagram) return;
        if (_single.Length < datagram.Length) _single = new byte[Math.Max(datagram.Length, 2 * PathMtu.Base)];
        datagram.CopyTo(_single);
        OnDatagrams(_single.AsSpan(0, datagram.Length), datagram.Length, from, now);
    }

    public void OnDatagrams(Span<byte> datagrams, int datagramLength, IPEndPoint from, Instant now)
    {
        if (datagrams.IsEmpty || datagramLength <= 0) return;
        TubusSlot? slot = Find(from);
        ulong? secret = slot?.Secret ?? _listening;
        if (secret is not { } key)
        {
            StrangerCount++;
            return;
        }

        if (key != 0) TubusMask.Remove(datagrams, datagramLength, key);
        if (slot is null || (slot.Channel.State == TubusState.Closed && key == _listening && slot.Channel.IsForeignLink(datagrams, datagramLength)))
            slot = Greet(datagrams, datagramLength, from, key, now);
        if (slot is null)
        {
            StrangerCount++;
            return;
        }

        _last = slot;
        slot.Channel.OnPlainDatagrams(datagrams, datagramLength, now);
        Attend(slot, now);
    }

    public void OnDeadline(Instant now)
    {
        while (_timed.First is { } slot && slot.Due <= now)
        {
            _timed.Remove(slot);
            if (slot.Forgotten <= now)
            {
                Forget(slot);
                continue;
            }

            slot.Channel.OnDeadline(now);
            Attend(slot, now);
        }
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out TransmitBatch batch) =>
        TryTransmit(buffer, now, TubusChannel.MostTogether, out batch);

    /// <inheritdoc/>
    /// <remarks>The buffer must hold the largest datagram of the options.</remarks>
    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        bool any = TryTransmit(buffer, now, most: 1, out TransmitBatch batch);
        transmit = any ? new Transmit(batch.Length, batch.To) : default;
        return any;
    }

    private bool TryTransmit(Span<byte> buffer, Instant now, int most, out TransmitBatch batch)
    {
        while (_ready.Head is { } slot)
        {
            _ready.RemoveHead();
            if (slot.Channel.TryTransmit(buffer, now, out int length, out int datagramLength, out bool mayFragment, most))
            {
                _ready.Add(slot); // Behind the others, so that each gets its turn.
                Notice(slot); // What was sent has made room for more.
                batch = new TransmitBatch(length, datagramLength, slot.Peer, mayFragment);
                return true;
            }

            Settle(slot, now);
        }

        batch = default;
        return false;
    }

    private TubusSlot? Find(IPEndPoint from)
    {
        if (_last is { } last && (ReferenceEquals(last.Peer, from) || last.Peer.Equals(from))) return last;
        return _slots.GetValueOrDefault(from);
    }

    private TubusSlot Open(IPEndPoint peer, ulong secret, TubusRole role, bool isInvited, Instant now)
    {
        if (_slots.TryGetValue(peer, out TubusSlot? old))
        {
            if (old.Channel.State != TubusState.Closed) throw new InvalidOperationException($"There is a channel with {peer}.");
            Forget(old);
        }

        uint pin;
        do pin = (uint)random();
        while (pin == 0);
        TubusChannel channel = new(options, role, secret, pin, random, now, control?.Invoke(PathMtu.Base), _pool);
        TubusSlot slot = new(channel, peer, secret, isInvited);
        channel.Changed = () => _ready.Add(slot);
        _slots.Add(peer, slot);
        _ready.Add(slot);
        return slot;
    }

    /// <summary>Makes a channel for a stranger who asks for one.</summary>
    private TubusSlot? Greet(ReadOnlySpan<byte> datagrams, int datagramLength, IPEndPoint from, ulong secret, Instant now)
    {
        if (secret != _listening || _accepted.Count >= MostUntaken || !TubusChannel.IsLink(datagrams, datagramLength)) return null;
        while (_halfOpen.TryPeek(out TubusSlot? oldest))
        {
            bool isStillHalfOpen = !oldest.IsKnown && oldest.Channel.State != TubusState.Closed;
            if (isStillHalfOpen && _halfOpen.Count < MostHalfOpen) break;
            _halfOpen.Dequeue();
            if (isStillHalfOpen) Forget(oldest);
        }

        TubusSlot slot = Open(from, secret, TubusRole.Acceptor, isInvited: false, now);
        _halfOpen.Enqueue(slot);
        return slot;
    }

    /// <summary>Notes that a channel may have something to send, and something to tell.</summary>
    private void Attend(TubusSlot slot, Instant now)
    {
        _ready.Add(slot);
        if (!slot.IsKnown && slot.Channel.IsValidated && slot.Channel.State == TubusState.Linked)
        {
            slot.IsKnown = true;
            _accepted.Enqueue(slot);
        }

        if (slot.Channel.State == TubusState.Closed && slot.Forgotten is null) BeginLinger(slot, now);
        Notice(slot);
    }

    /// <summary>Notes that the user of a channel should look at it.</summary>
    private void Notice(TubusSlot slot)
    {
        if (slot.WantsAttention || !slot.IsKnown) return;
        slot.WantsAttention = true;
        slot.NextAttention = _attention;
        _attention = slot;
    }

    /// <summary>Takes a channel that has nothing to send back among those that wait for a time.</summary>
    private void Settle(TubusSlot slot, Instant now)
    {
        if (slot.IsForgotten) return;
        if (slot.Channel.State == TubusState.Closed && slot.Forgotten is null) Attend(slot, now);
        _timed.Set(slot, Instant.Earliest(slot.Channel.Deadline, slot.Forgotten));
    }

    private void BeginLinger(TubusSlot slot, Instant now)
    {
        slot.Forgotten = now + Linger;
        _lingering.Enqueue(slot);
        while (_lingering.Count > MostLingering) Forget(_lingering.Dequeue());
        while (_lingering.TryPeek(out TubusSlot? oldest) && oldest.Forgotten <= now) _lingering.Dequeue();
    }

    private void Forget(TubusSlot slot)
    {
        slot.IsForgotten = true;
        if (_slots.TryGetValue(slot.Peer, out TubusSlot? there) && there == slot) _slots.Remove(slot.Peer);
        _timed.Remove(slot);
        if (_last == slot) _last = null;
    }
}
