using System.Net;
using System.Net.Sockets;
using Plexus.Lab.Nats;

namespace Plexus.Lab;

/// <summary>Addresses that reach each other: the public internet, or the inside of one NAT.</summary>
internal sealed class LabSegment(Internet internet, LabNat? gateway)
{
    private const int IPv4AndUdpHeader = 28; // bytes
    private const int IPv6AndUdpHeader = 48; // bytes

    private readonly Dictionary<IPAddress, Attachment> _attachments = [];

    internal void Add(Attachment attachment) => _attachments.Add(attachment.Address, attachment);

    internal void Remove(Attachment attachment) => _attachments.Remove(attachment.Address);

    internal bool Has(IPAddress address) => _attachments.ContainsKey(address);

    /// <summary>Sends from a node into the segment.</summary>
    internal void Send(Attachment from, LabPacket packet) => Carry(from, isUp: true, packet, Route);

    /// <summary>Finds the way from the middle of the segment.</summary>
    internal void Route(LabPacket packet)
    {
        if (_attachments.TryGetValue(packet.To.Address, out Attachment? to)) Carry(to, isUp: false, packet, to.Node.Receive);
        else if (gateway is not null) gateway.FromInside(packet);
        else internet.End(packet, DatagramFate.NoRoute, "core");
    }

    private void Carry(Attachment over, bool isUp, LabPacket packet, Action<LabPacket> arrive)
    {
        LabLink link = over.Link;
        if (packet.Hops <= link.Hops)
        {
            internet.End(packet, DatagramFate.Expired, $"router {packet.Hops} of {over.Node.Name}");
            return;
        }

        bool isIPv6 = packet.To.AddressFamily == AddressFamily.InterNetworkV6;
        int size = packet.Payload.Length + (isIPv6 ? IPv6AndUdpHeader : IPv4AndUdpHeader);
        if (size > link.Mtu && !packet.MayFragment)
        {
            internet.End(packet, DatagramFate.TooBig, over.Node.Name);
            return;
        }

        if (internet.Chance(link.Loss))
        {
            internet.End(packet, DatagramFate.Lost, over.Node.Name);
            return;
        }

        if (!TryQueue(over, isUp, size, out TimeSpan wait))
        {
            internet.End(packet, DatagramFate.Congested, over.Node.Name);
            return;
        }

        LabPacket onward = link.Hops == 0 ? packet : packet with { Hops = packet.Hops - link.Hops };
        internet.Schedule(wait + Delay(link), () => arrive(onward));
        if (internet.Chance(link.Duplication)) internet.Schedule(wait + Delay(link), () => arrive(onward));
    }

    private bool TryQueue(Attachment over, bool isUp, int size, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (over.Link.BitsPerSecond is not { } speed) return true;
        TimeSpan now = internet.Now;
        TimeSpan busy = isUp ? over.BusyUp : over.BusyDown;
        if (busy < now) busy = now;
        if (busy - now > over.Link.LongestQueue) return false;
        busy += TimeSpan.FromSeconds(size * 8.0 / speed);
        if (isUp) over.BusyUp = busy;
        else over.BusyDown = busy;
        wait = busy - now;
        return true;
    }

    private TimeSpan Delay(LabLink link)
    {
        TimeSpan delay = link.Latency;
        if (link.Jitter > TimeSpan.Zero) delay += link.Jitter * internet.NextDouble();
        if (internet.Chance(link.Reordering)) delay += link.ReorderingDelay;
        return delay;
    }
}
