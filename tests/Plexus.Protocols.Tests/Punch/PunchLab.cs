using System.Net;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Punch;

namespace Plexus.Protocols.Tests.Punch;

/// <summary>Two hosts, behind NATs or not, that have asked a server for their outer endpoints.</summary>
internal sealed class PunchLab : IDisposable
{
    public const ulong SecretNumber = 17687476512432925332;

    private const int Port = 5000;

    private readonly Random _random;

    public PunchLab(NatProfile? inviterNat, NatProfile? acceptorNat, int seed = 1, LabLink? line = null)
    {
        _random = new Random(seed);
        Internet = new Internet(seed);
        Server = Internet.AddHost("server", "9.0.0.9");
        InviterHost = AddHost("inviter", "1.0.0.1", inviterNat, out LabNat? inviterBox);
        AcceptorHost = AddHost("acceptor", "2.0.0.2", acceptorNat, out LabNat? acceptorBox);
        InviterNat = inviterBox;
        AcceptorNat = acceptorBox;
        InviterOuter = Learn(InviterHost);
        AcceptorOuter = Learn(AcceptorHost);
        TraceStart = Internet.Trace.Count;
        Start = Internet.Now;
        if (line is null) return;
        SetLine(InviterHost, InviterNat, line); // Only now: every host knows its outer endpoint.
        SetLine(AcceptorHost, AcceptorNat, line);
    }

    public static SharedSecret Secret { get; } = new(SecretNumber);

    public Internet Internet { get; }

    public LabHost Server { get; }

    public LabHost InviterHost { get; }

    public LabHost AcceptorHost { get; }

    public LabNat? InviterNat { get; }

    public LabNat? AcceptorNat { get; }

    public IPEndPoint InviterOuter { get; }

    public IPEndPoint AcceptorOuter { get; }

    /// <summary>The first entry of the trace, and the time, after everybody knew its outer endpoint.</summary>
    public int TraceStart { get; }

    public TimeSpan Start { get; }

    public Instant Now => new(Internet.Now);

    /// <summary>The datagrams of the handshake, of one host.</summary>
    public IEnumerable<TraceEntry> SentBy(LabHost host) => Internet.Trace.Skip(TraceStart).Where(e => e.Host == host.Name);

    public PunchHandshake Inviter(Func<PunchPlan, PunchPlan>? change = null) =>
        Attach(InviterHost, new(PunchRole.Inviter, AcceptorOuter, Secret), change);

    public PunchHandshake Acceptor(Func<PunchPlan, PunchPlan>? change = null) =>
        Attach(AcceptorHost, new(PunchRole.Acceptor, InviterOuter, Secret), change);

    public OriginalHandshake OriginalInviter() => Attach(
        InviterHost, new OriginalHandshake(PunchRole.Inviter, AcceptorOuter, SecretNumber, _random, Now));

    public OriginalHandshake OriginalAcceptor(bool isServer = false) => Attach(
        AcceptorHost, new OriginalHandshake(PunchRole.Acceptor, InviterOuter, SecretNumber, _random, Now, isServer));

    /// <summary>Sends bytes from any host and port, and hears nothing.</summary>
    public static void Say(LabHost host, int port, IPEndPoint to, byte[] bytes, byte? hops = null)
    {
        using LabCore core = host.Attach(port, new Mouth(bytes, to, hops));
    }

    /// <summary>Lets time pass.</summary>
    public void Pass(TimeSpan time) => Internet.Run(() => Task.Delay(time, Internet.Clock), TimeSpan.MaxValue / 4);

    /// <summary>Whether a datagram gets from one side, which sends it to the endpoint it has proved, to the other.</summary>
    public bool Carries(LabHost from, IPEndPoint to, LabHost host, IPEndPoint expectedSource)
    {
        _sockets[from].Dispose();
        _sockets[host].Dispose();
        Ear ear = new();
        using LabCore socket = _sockets[host] = host.Attach(Port, ear);
        Say(from, Port, to, [1, 2, 3]);
        Pass(TimeSpan.FromSeconds(1));
        return expectedSource.Equals(ear.From);
    }

    /// <summary>A frame, made by hand.</summary>
    public static byte[] Frame(bool heardUs, ulong random)
    {
        byte[] frame = new byte[PunchFrame.Length];
        PunchFrame.Write(frame, Secret, heardUs, random);
        return frame;
    }

    public void Dispose() => Internet.Dispose();

    private readonly Dictionary<LabHost, LabCore> _sockets = [];

    private static void SetLine(LabHost host, LabNat? nat, LabLink line)
    {
        if (nat is null) host.Link = line;
        else nat.Link = line;
    }

    private LabHost AddHost(string name, string outer, NatProfile? profile, out LabNat? nat)
    {
        nat = profile is null ? null : Internet.AddNat(name + "'s NAT", profile, outer);
        return nat?.AddHost(name, "192.168.1.2") ?? Internet.AddHost(name, outer);
    }

    private PunchHandshake Attach(LabHost host, PunchPlan plan, Func<PunchPlan, PunchPlan>? change) =>
        Attach(host, new PunchHandshake(change?.Invoke(plan) ?? plan, () => (ulong)_random.NextInt64() << 1, Now));

    private T Attach<T>(LabHost host, T core)
        where T : IDatagramProtocol
    {
        _sockets[host] = host.Attach(Port, core);
        return core;
    }

    private IPEndPoint Learn(LabHost host)
    {
        Ear ear = new();
        using LabCore server = Server.Attach(3478, ear);
        Say(host, Port, new(Server.Address, 3478), [0]);
        Internet.Run(TimeSpan.FromSeconds(1));
        return ear.From!;
    }

    private sealed class Ear : IDatagramProtocol
    {
        public IPEndPoint? From { get; private set; }

        public Instant? Deadline => null;

        public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now) => From = from;

        public void OnDeadline(Instant now)
        {
        }

        public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
        {
            transmit = default;
            return false;
        }
    }

    private sealed class Mouth(byte[] bytes, IPEndPoint to, byte? hops) : IDatagramProtocol
    {
        private bool _isSaid;

        public Instant? Deadline => null;

        public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
        {
        }

        public void OnDeadline(Instant now)
        {
        }

        public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
        {
            bytes.CopyTo(buffer);
            transmit = new(bytes.Length, to, hops);
            return !_isSaid && (_isSaid = true);
        }
    }
}
