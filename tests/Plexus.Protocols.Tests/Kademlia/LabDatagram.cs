using System.Net;
using Plexus.Protocols.Kademlia.Messages;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>A datagram as the laboratory saw it leave.</summary>
internal sealed record LabDatagram(Instant At, IPEndPoint From, IPEndPoint To, byte[] Bytes)
{
    public KademliaMessage Message => KademliaMessage.TryRead(Bytes, out KademliaMessage? message) ? message! : new KademliaMessage();
}
