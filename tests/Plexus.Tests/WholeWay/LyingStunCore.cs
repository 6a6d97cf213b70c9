using System.Net;
using Plexus.Protocols;

namespace Plexus.Tests.WholeWay;

/// <summary>A STUN server that tells everybody the same wrong endpoint.</summary>
internal sealed class LyingStunCore : IDatagramProtocol
{
    private const int HeaderLength = 20;

    private readonly Queue<(byte[] Answer, IPEndPoint To)> _answers = new();

    public Instant? Deadline => null;

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (datagram.Length < HeaderLength) return;
        byte[] answer = [1, 1, 0, 12, .. datagram[4..HeaderLength], 0, 1, 0, 8, 0, 1, 0x1a, 0x0a, 192, 0, 2, 66];
        _answers.Enqueue((answer, from));
    }

    public void OnDeadline(Instant now) { }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (!_answers.TryDequeue(out (byte[] Answer, IPEndPoint To) next)) return false;
        next.Answer.CopyTo(buffer);
        transmit = new Transmit(next.Answer.Length, next.To);
        return true;
    }
}
