namespace Plexus.Protocols.Wormhole;

/// <summary>One connection of a tunnel, as its multiplexer sees it.</summary>
/// <param name="id">Its number on the wire.</param>
/// <param name="protocol">What it carries.</param>
/// <param name="service">The name of the service; empty where services have no names.</param>
/// <param name="isOurs">Whether it was opened here.</param>
internal sealed class MultiplexedConnection(uint id, TunnelProtocol protocol, string service, bool isOurs)
{
    public uint Id { get; } = id;

    public TunnelProtocol Protocol { get; } = protocol;

    public string Service { get; } = service;

    public bool IsOurs { get; } = isOurs;

    /// <summary>What the driver ties to it.</summary>
    public object? Owner { get; set; }

    /// <summary>Whether data may still go to the peer.</summary>
    public bool CanSend { get; internal set; } = true;

    /// <summary>Whether data may still come from the peer.</summary>
    public bool CanReceive { get; internal set; } = true;

    /// <summary>Bytes of data sent.</summary>
    public long Sent { get; internal set; }

    /// <summary>Bytes of data received.</summary>
    public long Received { get; internal set; }

    /// <summary>Bytes received that the local side has not taken yet.</summary>
    public long Waiting { get; internal set; }

    /// <summary>Why it was dismissed, or why it is refused or reset by us.</summary>
    public TunnelReason Reason { get; internal set; }

    /// <summary>A sentence about the reason.</summary>
    public string ReasonText { get; internal set; } = "";

    /// <summary>Whether the multiplexer still knows the number.</summary>
    internal bool IsListed { get; set; }

    internal ConnectionDue Due { get; set; }

    internal bool IsInDueQueue { get; set; }

    internal bool IsInReadyQueue { get; set; }

    /// <summary>How many bytes the peer still takes.</summary>
    internal long Credit { get; set; } = long.MaxValue;

    /// <summary>It has something to send and no credit.</summary>
    internal bool IsStarved { get; set; }

    /// <summary>The offset up to which the peer may send.</summary>
    internal long Granted { get; set; }

    /// <summary>How many bytes may be on the way to us or wait here.</summary>
    internal long Window { get; set; }

    /// <summary>When the local side ended, of a connection that lingers for the peer's last data.</summary>
    internal Instant? EndedLocally { get; set; }

    /// <summary>When data came last.</summary>
    internal Instant LastReceived { get; set; }

    public override string ToString() => $"{Protocol} connection {Id}";
}
