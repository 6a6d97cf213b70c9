using System.Net;
using System.Text;
using Plexus.Protocols;

namespace Plexus.Tests.Lab;

/// <summary>Sends one datagram, or none, and remembers the last one that came.</summary>
internal sealed class AskOnce(IPEndPoint? to) : IDatagramProtocol
{
    private IPEndPoint? _to = to;

    public string? Answer { get; private set; }

    public Instant? Deadline => null;

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now) =>
        Answer = Encoding.ASCII.GetString(datagram);

    public void OnDeadline(Instant now)
    {
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (_to is null) return false;
        transmit = new(1, _to);
        _to = null;
        return true;
    }
}
