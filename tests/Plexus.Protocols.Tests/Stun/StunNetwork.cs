using System.Net;
using Plexus.Protocols.Stun;

namespace Plexus.Protocols.Tests.Stun;

/// <summary>One socket, maybe behind a NAT, and servers outside, joined by lines of 20 ms each way.</summary>
internal sealed class StunNetwork(IPEndPoint inner, StunNat? nat)
{
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<IPEndPoint, Func<byte[], IPEndPoint, (byte[] Answer, IPEndPoint From)?>> _servers = [];
    private readonly PriorityQueue<(byte[] Datagram, IPEndPoint From), TimeSpan> _arrivals = new();

    public IPEndPoint Inner { get; } = inner;

    public Instant Now { get; set; }

    /// <summary>What the socket sent, in order.</summary>
    public List<(Instant At, IPEndPoint To)> Sent { get; } = [];

    /// <summary>Chooses datagrams that get lost on their way out.</summary>
    public Func<IPEndPoint, bool> IsLost { get; set; } = _ => false;

    /// <summary>An honest server of RFC 5780 with all its sockets.</summary>
    public StunNetwork Serve(StunServerSockets sockets)
    {
        StunServer server = new(sockets);
        foreach (int number in sockets.Numbers)
        {
            Serve(sockets[number], (request, source) =>
            {
                byte[] buffer = new byte[StunServer.LargestAnswer];
                return server.TryAnswer(request, source, number, false, Now, buffer, out StunServerAnswer answer)
                    ? (buffer[..answer.Length], sockets[answer.Socket]) : null;
            });
        }

        return this;
    }

    /// <summary>An honest server with one socket.</summary>
    public StunNetwork Serve(IPEndPoint at) => Serve(new StunServerSockets(at.Address, at.Port));

    public StunNetwork Serve(IPEndPoint at, Func<byte[], IPEndPoint, (byte[] Answer, IPEndPoint From)?> server)
    {
        _servers[at] = server;
        return this;
    }

    /// <summary>A server that gives an answer of another kind, from where it was asked.</summary>
    public StunNetwork Serve(IPEndPoint at, Func<StunTransactionId, IPEndPoint, byte[]> answer) =>
        Serve(at, (request, source) => (answer(StunTransactionId.Read(request.AsSpan(4)), source), at));

    public void Inject(byte[] datagram, IPEndPoint from) => _arrivals.Enqueue((datagram, from), Now.SinceStart);

    /// <summary>Runs until the predicate holds or nothing more can happen before the limit.</summary>
    public void Run(IDatagramProtocol protocol, Func<bool> until, TimeSpan limit)
    {
        Instant end = Now + limit;
        byte[] buffer = new byte[2048];
        while (true)
        {
            while (protocol.TryTransmit(buffer, Now, out Transmit transmit)) Send(buffer[..transmit.Length], transmit.To);
            if (until()) return;
            TimeSpan? arrival = _arrivals.TryPeek(out _, out TimeSpan at) ? at : null;
            TimeSpan? next = protocol.Deadline is { } deadline && !(arrival <= deadline.SinceStart) ? deadline.SinceStart : arrival;
            if (next is null || next > end.SinceStart)
            {
                Now = end;
                return;
            }

            Now = new Instant(next.Value > Now.SinceStart ? next.Value : Now.SinceStart);
            if (arrival == next)
            {
                (byte[] datagram, IPEndPoint from) = _arrivals.Dequeue();
                protocol.OnDatagram(datagram, from, Now);
            }
            else
            {
                protocol.OnDeadline(Now);
            }
        }
    }

    private void Send(byte[] datagram, IPEndPoint to)
    {
        Sent.Add((Now, to));
        if (IsLost(to)) return;
        IPEndPoint source = nat?.Out(Inner, to) ?? Inner;
        if (nat?.Owns(to) == true)
        {
            if (nat.Hairpin) Receive(datagram, source, Latency);
        }
        else if (_servers.TryGetValue(to, out Func<byte[], IPEndPoint, (byte[], IPEndPoint)?>? server)
            && server(datagram, source) is ({ } answer, { } from)
            && (nat is null || nat.In(source, from) is not null))
        {
            Receive(answer, from, 2 * Latency);
        }
    }

    private void Receive(byte[] datagram, IPEndPoint from, TimeSpan after) =>
        _arrivals.Enqueue((datagram, from), Now.SinceStart + after);
}
