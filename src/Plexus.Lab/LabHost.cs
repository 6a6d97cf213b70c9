using System.Net;
using System.Net.Sockets;
using Plexus.Lab.Nats;
using Plexus.Protocols;
using Plexus.Sockets;

namespace Plexus.Lab;

/// <summary>A machine of the laboratory. It is the network of the programs that run on it.</summary>
internal sealed class LabHost : LabNode, IDatagramNetwork
{
    private const int FirstEphemeralPort = 32_768; // Linux's range
    private const int LastEphemeralPort = 60_999;
    private const byte DefaultHops = 64;
    private const int LargestPayload = 65_507; // IPv4: 65,535 less both headers

    private readonly Dictionary<(AddressFamily Family, int Port), LabPort> _ports = [];

    internal LabHost(Internet internet, string name)
        : base(internet, name) => Clock = internet.Clock;

    /// <summary>The clock of this machine: its wall clock may be wrong by <see cref="Skew"/>.</summary>
    public TimeProvider Clock { get; private set; }

    /// <summary>The first address.</summary>
    public IPAddress Address => Attachments[0].Address;

    /// <summary>How far the wall clock of this machine is ahead.</summary>
    public TimeSpan Skew
    {
        get;
        set
        {
            field = value;
            Clock = value == TimeSpan.Zero ? Internet.Clock : new SkewedClock(Internet.Clock, value);
        }
    }

    /// <summary>The line of all addresses; it may change while a scenario runs.</summary>
    public LabLink Link
    {
        get => Attachments[0].Link;
        set
        {
            foreach (Attachment attachment in Attachments) attachment.Link = value;
        }
    }

    /// <summary>Datagrams that its sockets have sent.</summary>
    public long SentCount { get; private set; }

    /// <summary>Datagrams that its sockets have got.</summary>
    public long ReceivedCount { get; private set; }

    /// <summary>Drives a core on a port, without a shell.</summary>
    public LabCore Attach(int port, IDatagramProtocol protocol) => Attach(new IPEndPoint(IPAddress.Any, port), protocol);

    /// <summary>Drives a core on an endpoint, without a shell.</summary>
    public LabCore Attach(IPEndPoint local, IDatagramProtocol protocol)
    {
        lock (Internet.Gate)
        {
            LabCore core = new(Internet, this, Bind(local), protocol);
            _ports.Add((core.LocalEndPoint.AddressFamily, core.LocalEndPoint.Port), core);
            core.Wake();
            return core;
        }
    }

    /// <summary>Gives the host one more public address, such as one of IPv6.</summary>
    public void AddAddress(string address, LabLink? link = null)
    {
        lock (Internet.Gate) Join(Internet.CoreSegment, IPAddress.Parse(address), link ?? LabLink.Wan);
    }

    /// <summary>Carries the machine into another network: its addresses change, its sockets stay.</summary>
    /// <param name="nat">The NAT behind which it is now; null for a public address.</param>
    /// <param name="address">Its new address.</param>
    public void MoveTo(LabNat? nat, string address)
    {
        lock (Internet.Gate)
        {
            Leave();
            Join(nat?.Inside ?? Internet.CoreSegment, IPAddress.Parse(address), nat is null ? LabLink.Wan : LabLink.Lan);
        }
    }

    public IDatagramSocket Open(IPEndPoint local)
    {
        lock (Internet.Gate)
        {
            LabSocket socket = new(Internet, this, Bind(local));
            _ports.Add((socket.LocalEndPoint.AddressFamily, socket.LocalEndPoint.Port), socket);
            return socket;
        }
    }

    public ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken = default)
    {
        if (IPAddress.TryParse(host.AsSpan().Trim("[]"), out IPAddress? literal)) return new([literal]);
        return Internet.Names.TryGetValue(host, out IPAddress[]? addresses)
            ? new([.. addresses])
            : ValueTask.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }

    public IPAddress? LocalAddressTowards(IPAddress remote)
    {
        lock (Internet.Gate) return Towards(remote)?.Address;
    }

    internal bool Send(LabPort port, ReadOnlyMemory<byte> datagram, IPEndPoint to, byte? hops, bool mayFragment = false)
    {
        lock (Internet.Gate)
        {
            IPEndPoint local = port.LocalEndPoint;
            if (datagram.Length > LargestPayload || to.Port == 0 || to.AddressFamily != local.AddressFamily) return false;
            Attachment? via = Towards(to.Address);
            bool isLoopback = IPAddress.IsLoopback(to.Address);
            if (via is null && !isLoopback) return false;
            IPAddress source = IsAny(local.Address) ? isLoopback ? to.Address : via!.Address : local.Address;
            IPEndPoint from = new(source, local.Port);
            int ttl = hops ?? DefaultHops;
            SentCount++;
            TraceEntry entry = Internet.Enter(this, from, to, datagram, ttl);
            LabPacket packet = new(from, to, ttl, datagram.ToArray(), entry, mayFragment);
            if (isLoopback || Addresses.Contains(to.Address)) Internet.Schedule(TimeSpan.Zero, () => Receive(packet));
            else via!.Segment.Send(via, packet);
            return true;
        }
    }

    internal override void Receive(LabPacket packet)
    {
        if (!_ports.TryGetValue((packet.To.AddressFamily, packet.To.Port), out LabPort? port)
            || (!IsAny(port.LocalEndPoint.Address) && !port.LocalEndPoint.Address.Equals(packet.To.Address)))
        {
            Internet.End(packet, DatagramFate.NoSocket, Name);
            return;
        }

        if (!port.CanTake)
        {
            Internet.End(packet, DatagramFate.Overrun, Name);
            return;
        }

        Internet.End(packet, DatagramFate.Delivered, Name);
        ReceivedCount++;
        port.Take(packet);
    }

    internal void Close(LabPort port) => _ports.Remove((port.LocalEndPoint.AddressFamily, port.LocalEndPoint.Port));

    internal IEnumerable<string> Waiting() =>
        _ports.Values.Where(p => p.IsWaiting).Select(p => $"{Name} port {p.LocalEndPoint.Port}");

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private Attachment? Towards(IPAddress remote) =>
        Attachments.FirstOrDefault(a => a.Address.AddressFamily == remote.AddressFamily && a.Segment.Has(remote))
        ?? Attachments.FirstOrDefault(a => a.Address.AddressFamily == remote.AddressFamily);

    private IPEndPoint Bind(IPEndPoint local)
    {
        if (!IsAny(local.Address) && !IPAddress.IsLoopback(local.Address) && !Addresses.Contains(local.Address))
            throw new SocketException((int)SocketError.AddressNotAvailable);
        int port = local.Port;
        while (port == 0 || (local.Port == 0 && _ports.ContainsKey((local.AddressFamily, port))))
            port = Internet.Next(FirstEphemeralPort, LastEphemeralPort + 1);
        if (_ports.ContainsKey((local.AddressFamily, port))) throw new SocketException((int)SocketError.AddressAlreadyInUse);
        return new IPEndPoint(local.Address, port);
    }
}
