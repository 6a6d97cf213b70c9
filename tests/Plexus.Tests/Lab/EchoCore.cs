using System.Net;
using Plexus.Protocols;

namespace Plexus.Tests.Lab;

/// <summary>Answers each datagram with the source it saw: the smallest reflector.</summary>
internal sealed class EchoCore : IDatagramProtocol
{
    private readonly Queue<IPEndPoint> _answers = new();

    public Instant? Deadline => null;

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now) => _answers.Enqueue(from);

    public void OnDeadline(Instant now)
    {
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (!_answers.TryDequeue(out IPEndPoint? to)) return false;
        int length = System.Text.Encoding.ASCII.GetBytes(to.ToString(), buffer);
        transmit = new Transmit(length, to);
        return true;
    }
}
