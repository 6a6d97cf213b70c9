using System.Net;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>Something with an address in a <see cref="KademliaLab"/>.</summary>
internal abstract class LabHost(IPEndPoint endPoint, TimeSpan latency, bool isBehindNat)
{
    public IPEndPoint EndPoint { get; } = endPoint;

    /// <summary>What it adds to each datagram that comes or goes.</summary>
    public TimeSpan Latency { get; } = latency;

    /// <summary>It hears only those whom it has sent something.</summary>
    public bool IsBehindNat { get; } = isBehindNat;

    public HashSet<IPEndPoint> Contacted { get; } = [];

    public abstract void Receive(byte[] datagram, IPEndPoint from, Instant now);
}
