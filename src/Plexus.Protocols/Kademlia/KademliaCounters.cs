using Plexus.Protocols.Kademlia.Messages;

namespace Plexus.Protocols.Kademlia;

/// <summary>What a node has received, dropped and sent.</summary>
internal sealed class KademliaCounters
{
    private readonly long[] _dropped = new long[(int)DropReason.StrayPart + 1];
    private readonly long[] _requests = new long[(int)KademliaRequest.Update + 1];
    private readonly long[] _served = new long[(int)KademliaRequest.Update + 1];

    /// <summary>Datagrams received.</summary>
    public long Received { get; internal set; }

    /// <summary>Datagrams sent, with retransmissions and parts.</summary>
    public long Sent { get; internal set; }

    /// <summary>Bytes of UDP payload sent.</summary>
    public long SentBytes { get; internal set; }

    /// <summary>Requests that were sent once more, counted each time.</summary>
    public long Retransmissions { get; internal set; }

    /// <summary>Requests that nobody answered.</summary>
    public long Timeouts { get; internal set; }

    public long RepliesSent { get; internal set; }

    public long ErrorsSent { get; internal set; }

    /// <summary>Messages not sent because too many were waiting.</summary>
    public long NotSent { get; internal set; }

    /// <summary>Values that were found or pushed, but whose signature is wrong.</summary>
    public long ForgedValues { get; internal set; }

    /// <summary>Results that the application did not take in time.</summary>
    public long LostEvents { get; internal set; }

    public long Dropped(DropReason reason) => _dropped[(int)reason];

    /// <summary>Requests of a kind that we sent, not counting retransmissions.</summary>
    public long Requests(KademliaRequest kind) => _requests[(int)kind];

    /// <summary>Requests of a kind that we took from others.</summary>
    public long Served(KademliaRequest kind) => _served[(int)kind];

    internal void OnDropped(DropReason reason) => _dropped[(int)reason]++;

    internal void OnRequest(KademliaRequest kind) => _requests[(int)kind]++;

    internal void OnServed(KademliaRequest kind) => _served[(int)kind]++;
}
