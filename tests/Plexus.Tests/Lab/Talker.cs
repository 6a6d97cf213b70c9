using System.Net;
using Plexus.Lab;
using Plexus.Protocols;

namespace Plexus.Tests.Lab;

/// <summary>Says what it is told to, and remembers what it hears.</summary>
internal sealed class Talker : IDatagramProtocol
{
    private readonly Queue<(byte Number, IPEndPoint To, byte? Hops)> _sayings = new();
    private readonly LabCore _core;

    public Talker(LabHost host, int port)
    {
        _core = host.Attach(port, this);
        Inner = new(host.Address, port);
    }

    /// <summary>Its endpoint on its own machine.</summary>
    public IPEndPoint Inner { get; }

    /// <summary>The sources and first bytes of what has come.</summary>
    public List<(IPEndPoint From, byte Number)> Heard { get; } = [];

    public Instant? Deadline => null;

    public void Say(byte number, IPEndPoint to, byte? hops = null)
    {
        _sayings.Enqueue((number, to, hops));
        _core.Wake();
    }

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now) => Heard.Add((from, datagram[0]));

    public void OnDeadline(Instant now)
    {
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (!_sayings.TryDequeue(out var saying)) return false;
        buffer[0] = saying.Number;
        transmit = new(1, saying.To, saying.Hops);
        return true;
    }
}
