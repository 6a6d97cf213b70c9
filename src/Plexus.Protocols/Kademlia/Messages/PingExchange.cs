using System.Net;
using Plexus.Protocols.Kademlia.Routing;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>Asks one endpoint whether a node answers there, as a client that nobody needs to remember.</summary>
/// <remarks>Each attempt has a transaction id of its own, so that the round trip is that of the attempt which was answered.</remarks>
/// <param name="self">An id of our own, for this once.</param>
/// <param name="networkId">The network that the node must be in.</param>
/// <param name="firstTransactionId">The id of the first attempt, random; the others count up.</param>
/// <param name="to">Who is asked.</param>
/// <param name="start">Now.</param>
internal sealed class PingExchange(InfoHash self, uint networkId, uint firstTransactionId, IPEndPoint to, Instant start) : IDatagramProtocol
{
    // As the reference node waits, without its random part: 1, 2 and 4 s.
    private static readonly TimeSpan[] Waits = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)];

    private readonly KademliaWriter _writer = new(self, networkId, isClient: true);
    private readonly List<Instant> _sent = [];
    private Instant? _next = start;

    /// <summary>The answer; null before it comes, or when none came.</summary>
    public PingAnswer? Answer { get; private set; }

    /// <summary>It was answered, or all attempts are over.</summary>
    public bool IsFinished => _next is null;

    public Instant? Deadline => _next;

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (IsFinished
            || !Martians.Unmap(from).Equals(to)
            || !KademliaMessage.TryRead(datagram, out KademliaMessage? message)
            || message!.Kind != KademliaMessageKind.Reply
            || message.NetworkId != networkId
            || message.Sender.IsZero)
        {
            return;
        }

        uint attempt = message.TransactionId - firstTransactionId;
        if (attempt >= _sent.Count) return;
        Answer = new PingAnswer(message.Sender, message.ReportedAddress, now - _sent[(int)attempt]);
        _next = null;
    }

    public void OnDeadline(Instant now)
    {
        if (_next <= now && _sent.Count == Waits.Length) _next = null;
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (_next is not { } due || now < due || _sent.Count == Waits.Length) return false;
        byte[] ping = _writer.Ping(firstTransactionId + (uint)_sent.Count);
        ping.CopyTo(buffer);
        transmit = new Transmit(ping.Length, to);
        _next = now + Waits[_sent.Count];
        _sent.Add(now);
        return true;
    }
}
