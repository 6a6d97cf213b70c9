using Plexus.Protocols.Kademlia;

namespace Plexus.Rendezvous.Dht;

/// <summary>What an acceptor makes of an invitation before it opens it.</summary>
internal enum InvitationVerdict
{
    /// <summary>Not seen before, and of our time.</summary>
    Fresh,

    /// <summary>The same value once more: storing nodes deliver each a few times.</summary>
    Duplicate,

    /// <summary>The same bytes under another id. Only a copyist does that: an honest peer seals each invitation anew.</summary>
    Replayed,

    /// <summary>Its id lies too far in the past.</summary>
    Stale,

    /// <summary>Its id lies too far in the future.</summary>
    FromTheFuture,
}

/// <summary>Remembers the invitations of known peers, so that each is opened once and a copy never.</summary>
/// <remarks>
/// A value's id is its time, in Unix seconds by the inviter's clock, but no signature covers it. So a copyist can put
/// captured bytes under a newer id: the bytes themselves are what is remembered. A huge id can suppress nothing, because
/// no order of ids is demanded, other than the original does.
/// </remarks>
internal sealed class InvitationInbox(long startedAt)
{
    /// <summary>15 minutes: clocks of two machines rarely differ by more, and a value lives 10.</summary>
    public const long Window = 15 * 60;

    /// <summary>90 s: an inviter waits a minute for its answer, so what is older than this when we start is abandoned.</summary>
    private const long Patience = 90;

    /// <summary>15 s: what arrives later than this after our start was put after it, whatever its clock said.</summary>
    private const long Backlog = 15;

    /// <summary>8,192 invitations of known peers: at one a second, more than the window holds.</summary>
    private const int Capacity = 8_192;

    private readonly Dictionary<(InfoHash Peer, InfoHash Bytes), ulong> _seen = [];
    private readonly Queue<(InfoHash Peer, InfoHash Bytes)> _order = [];

    /// <summary>Judges a value whose signature is the peer's.</summary>
    /// <param name="peer">The signer.</param>
    /// <param name="id">The value's id.</param>
    /// <param name="sealedText">The encrypted introduction.</param>
    /// <param name="now">Unix seconds.</param>
    public InvitationVerdict Judge(InfoHash peer, ulong id, ReadOnlySpan<byte> sealedText, long now)
    {
        (InfoHash, InfoHash) key = (peer, InfoHash.Of(sealedText));
        if (_seen.TryGetValue(key, out ulong knownId))
        {
            return knownId == id ? InvitationVerdict.Duplicate : InvitationVerdict.Replayed;
        }

        Remember(key, id);
        if (id > (ulong)(now + Window)) return InvitationVerdict.FromTheFuture;
        bool abandoned = now < startedAt + Backlog && id < (ulong)(startedAt - Patience);
        return abandoned || id < (ulong)(now - Window) ? InvitationVerdict.Stale : InvitationVerdict.Fresh;
    }

    private void Remember((InfoHash, InfoHash) key, ulong id)
    {
        if (_order.Count == Capacity) _seen.Remove(_order.Dequeue());
        _seen.Add(key, id);
        _order.Enqueue(key);
    }
}
