using System.Net;
using Plexus.Protocols.Kademlia.Messages;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>A request of ours that waits for its answer; on the agenda for the next attempt, or the end.</summary>
/// <param name="node">Who was asked; null while its id is unknown.</param>
/// <param name="endPoint">Where it was sent. Only from there an answer is taken.</param>
/// <param name="datagrams">The same bytes for every attempt.</param>
/// <param name="subject">What the owner wants to know again with the answer.</param>
internal sealed class PendingRequest(
    Transactions transactions,
    uint id,
    KademliaRequest kind,
    RemoteNode? node,
    IPEndPoint endPoint,
    IReadOnlyList<byte[]> datagrams,
    IRequestOwner? owner,
    object? subject) : Timed
{
    public uint Id { get; } = id;

    public KademliaRequest Kind { get; } = kind;

    public RemoteNode? Node { get; } = node;

    public IPEndPoint EndPoint { get; } = endPoint;

    public IReadOnlyList<byte[]> Datagrams { get; } = datagrams;

    public IRequestOwner? Owner { get; } = owner;

    public object? Subject { get; } = subject;

    public int Attempts { get; set; }

    public Instant FirstSent { get; set; }

    /// <summary>When the owner is told that it takes long; null when it was.</summary>
    public Instant? SlowAt { get; set; }

    /// <summary>When it is sent again; null after the last attempt.</summary>
    public Instant? NextAttempt { get; set; }

    public TimeSpan Wait { get; set; }

    public Instant ExpiresAt { get; set; }

    public override void OnDue(Instant now) => transactions.OnDue(this, now);
}
