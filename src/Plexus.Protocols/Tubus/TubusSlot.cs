using System.Net;

namespace Plexus.Protocols.Tubus;

/// <summary>A channel's place at its endpoint.</summary>
internal sealed class TubusSlot(TubusChannel channel, IPEndPoint peer, ulong secret, bool isInvited)
{
    public const int NotInHeap = -1;

    public TubusChannel Channel { get; } = channel;

    public IPEndPoint Peer { get; } = peer;

    public ulong Secret { get; } = secret;

    /// <summary>Whether our user knows of it: it was asked for, or has been told.</summary>
    public bool IsKnown { get; set; } = isInvited;

    /// <summary>Whether it is in the list of those that may have something to send.</summary>
    public bool IsReady { get; set; }

    public TubusSlot? NextReady { get; set; }

    /// <summary>Whether it is in the list of those whose users should look at them.</summary>
    public bool WantsAttention { get; set; }

    public TubusSlot? NextAttention { get; set; }

    /// <summary>When it wants to be called.</summary>
    public Instant Due { get; set; }

    /// <summary>Its place among those that wait for a time.</summary>
    public int HeapIndex { get; set; } = NotInHeap;

    /// <summary>When it is to be forgotten; null while it lives.</summary>
    public Instant? Forgotten { get; set; }

    /// <summary>Whether the endpoint has nothing to do with it any more.</summary>
    public bool IsForgotten { get; set; }
}
