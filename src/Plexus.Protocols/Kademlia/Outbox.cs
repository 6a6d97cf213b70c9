using System.Net;

namespace Plexus.Protocols.Kademlia;

/// <summary>Datagrams that wait for the socket.</summary>
internal sealed class Outbox(KademliaCounters counters)
{
    // The answers to a second of requests at the limit. The socket takes them at once, unless the machine drowns.
    private const int Capacity = 8192;

    private readonly Queue<(IPEndPoint To, byte[] Datagram)> _queue = new();

    public bool IsEmpty => _queue.Count == 0;

    /// <summary>Queues all datagrams of a message, or none.</summary>
    public bool Send(IPEndPoint to, IReadOnlyList<byte[]> datagrams)
    {
        if (_queue.Count + datagrams.Count > Capacity)
        {
            counters.NotSent++;
            return false;
        }

        foreach (byte[] datagram in datagrams) _queue.Enqueue((to, datagram));
        return true;
    }

    public bool Send(IPEndPoint to, byte[] datagram) => Send(to, [datagram]);

    public bool TryTake(Span<byte> buffer, out Transmit transmit)
    {
        transmit = default;
        if (!_queue.TryDequeue(out (IPEndPoint To, byte[] Datagram) next)) return false;
        next.Datagram.CopyTo(buffer);
        counters.Sent++;
        counters.SentBytes += next.Datagram.Length;
        transmit = new Transmit(next.Datagram.Length, next.To);
        return true;
    }
}
