using System.Net;

namespace Plexus.Lab.Nats;

/// <summary>A NAT by the properties of RFC 4787. NATs nest: one may stand inside another.</summary>
/// <remarks>
/// It is a router, too: a datagram whose time-to-live ends here makes no mapping. It says nothing: no ICMP. It translates
/// UDP only, and IPv4 and IPv6 alike.
/// </remarks>
internal sealed class LabNat : LabNode
{
    private readonly PortAllocator _ports;
    private readonly Dictionary<NatKey, NatMapping> _byKey = [];
    private readonly Dictionary<IPEndPoint, NatMapping> _byOuter = [];
    private readonly Dictionary<IPAddress, IPAddress> _pairs = [];
    private readonly Dictionary<(IPEndPoint Outer, IPEndPoint Remote), TimeSpan> _poisoned = [];
    private readonly Dictionary<IPAddress, TimeSpan> _blocked = [];

    internal LabNat(Internet internet, string name, NatProfile profile)
        : base(internet, name)
    {
        Profile = profile;
        Inside = new LabSegment(internet, this);
        _ports = new PortAllocator(internet, profile);
    }

    public NatProfile Profile { get; }

    /// <summary>How many mappings live now.</summary>
    public int MappingCount
    {
        get
        {
            lock (Internet.Gate) return _byOuter.Values.Count(m => m.IsAlive(Profile, Internet.Now));
        }
    }

    /// <summary>How many mappings have been made.</summary>
    public int MappingsMade { get; private set; }

    /// <summary>How many datagrams came that were not let in.</summary>
    public int UnsolicitedCount { get; private set; }

    /// <summary>The line outwards; it may change while a scenario runs.</summary>
    public LabLink Link
    {
        get => Attachments[0].Link;
        set
        {
            foreach (Attachment attachment in Attachments) attachment.Link = value;
        }
    }

    internal LabSegment Inside { get; }

    /// <summary>Adds a host inside.</summary>
    public LabHost AddHost(string name, string address, LabLink? link = null) =>
        Internet.AddHost(Inside, name, IPAddress.Parse(address), link ?? LabLink.Lan);

    /// <summary>Adds a NAT inside.</summary>
    public LabNat AddNat(string name, NatProfile profile, params string[] addresses) =>
        Internet.AddNat(Inside, name, profile, addresses, LabLink.Lan);

    /// <summary>Forgets everything, as a router does that restarts.</summary>
    public void Restart()
    {
        lock (Internet.Gate)
        {
            _byKey.Clear();
            _byOuter.Clear();
            _pairs.Clear();
            _poisoned.Clear();
            _blocked.Clear();
        }
    }

    /// <summary>The outer endpoints that stand for an inner one now.</summary>
    public IReadOnlyList<IPEndPoint> OuterOf(IPEndPoint inner)
    {
        lock (Internet.Gate)
            return [.. _byKey.Values.Where(m => m.Inner.Equals(inner) && m.IsAlive(Profile, Internet.Now)).Select(m => m.Outer)];
    }

    /// <summary>Takes a datagram from inside to an address that is not there.</summary>
    internal void FromInside(LabPacket packet)
    {
        if (packet.Hops <= 1)
        {
            Internet.End(packet, DatagramFate.Expired, Name);
            return;
        }

        bool isHairpin = Addresses.Contains(packet.To.Address);
        if (isHairpin && Profile.Hairpin == HairpinBehavior.None)
        {
            Internet.End(packet, DatagramFate.NotTurned, Name);
            return;
        }

        if (Outgoing(packet.From, packet.To) is not { } mapping)
        {
            Internet.End(packet, DatagramFate.Unmapped, Name);
            return;
        }

        LabPacket outside = packet with { From = mapping.Outer, Hops = packet.Hops - 1 };
        if (!isHairpin)
        {
            Attachment via = Attachments.First(a => a.Address.Equals(mapping.Outer.Address));
            via.Segment.Send(via, outside);
            return;
        }

        // Filtering sees the outer source, whatever source the turned datagram shows inside.
        Enter(outside, Profile.Hairpin == HairpinBehavior.InternalSource ? packet.From : mapping.Outer);
    }

    /// <summary>Takes a datagram from outside.</summary>
    internal override void Receive(LabPacket packet) => Enter(packet, packet.From);

    private void Enter(LabPacket packet, IPEndPoint shownSource)
    {
        TimeSpan now = Internet.Now;
        NatMapping? mapping = Living(_byOuter.GetValueOrDefault(packet.To));
        bool isBlocked = _blocked.TryGetValue(packet.From.Address, out TimeSpan until) && now < until;
        if (mapping is { IsRetired: true }) mapping = null;
        if (mapping is null || isBlocked || !mapping.Admits(packet.From, Profile, now))
        {
            UnsolicitedCount++;
            React(packet, mapping);
            Internet.End(packet, mapping is null ? DatagramFate.Unmapped : DatagramFate.Filtered, Name);
            return;
        }

        mapping.Receive(packet.From, Profile, now);
        if (packet.Hops <= 1) Internet.End(packet, DatagramFate.Expired, Name);
        else Inside.Route(packet with { From = shownSource, To = mapping.Inner, Hops = packet.Hops - 1 });
    }

    private void React(LabPacket packet, NatMapping? mapping)
    {
        TimeSpan until = Internet.Now + Profile.Grudge;
        switch (Profile.Unsolicited)
        {
            case UnsolicitedReaction.PoisonTuple:
                _poisoned[(packet.To, packet.From)] = until;
                break;
            case UnsolicitedReaction.MoveMapping when mapping is not null:
                _byKey.Remove(mapping.Key);
                mapping.IsRetired = true;
                break;
            case UnsolicitedReaction.BlockSource:
                _blocked[packet.From.Address] = until;
                break;
        }
    }

    private NatMapping? Outgoing(IPEndPoint inner, IPEndPoint to)
    {
        NatKey key = NatKey.Of(inner, to, Profile.Mapping);
        NatKey ownKey = new(inner, to.Address, to.Port); // A mapping of its own, beside the poisoned tuple.
        NatMapping? mapping = Living(_byKey.GetValueOrDefault(ownKey)) ?? Living(_byKey.GetValueOrDefault(key)) ?? Make(key, to);
        if (mapping is not null && IsPoisoned(mapping, to)) mapping = Make(ownKey, to);
        mapping?.Send(to, Internet.Now);
        return mapping;
    }

    private bool IsPoisoned(NatMapping mapping, IPEndPoint to) =>
        _poisoned.TryGetValue((mapping.Outer, to), out TimeSpan until) && Internet.Now < until
        && !mapping.HasSentTo(to, Profile, Internet.Now);

    private NatMapping? Make(NatKey key, IPEndPoint to)
    {
        foreach (NatMapping old in _byOuter.Values.Where(m => !m.IsAlive(Profile, Internet.Now)).ToArray()) Forget(old);
        if (_byOuter.Count >= Profile.Capacity) return null;
        IPAddress address = OuterAddressFor(key.Inner.Address);
        if (!_ports.TryAllocate(key.Inner, port => IsFree(new IPEndPoint(address, port), to), out int chosen)) return null;
        NatMapping made = new(key, new IPEndPoint(address, chosen), Internet.Now);
        _byKey[key] = made;
        _byOuter[made.Outer] = made;
        MappingsMade++;
        return made;
    }

    private bool IsFree(IPEndPoint outer, IPEndPoint to) => !_byOuter.ContainsKey(outer)
        && !(_poisoned.TryGetValue((outer, to), out TimeSpan until) && Internet.Now < until);

    private IPAddress OuterAddressFor(IPAddress inner)
    {
        IPAddress[] pool = [.. Addresses.Where(a => a.AddressFamily == inner.AddressFamily)];
        if (pool.Length == 1) return pool[0];
        IPAddress any = pool[Internet.Next(0, pool.Length)];
        if (Profile.Pooling == AddressPooling.Arbitrary) return any;
        if (!_pairs.TryGetValue(inner, out IPAddress? paired)) _pairs[inner] = paired = any;
        return paired;
    }

    private NatMapping? Living(NatMapping? mapping)
    {
        if (mapping is null || mapping.IsAlive(Profile, Internet.Now)) return mapping;
        Forget(mapping);
        return null;
    }

    private void Forget(NatMapping mapping)
    {
        _byOuter.Remove(mapping.Outer);
        if (_byKey.TryGetValue(mapping.Key, out NatMapping? current) && current == mapping) _byKey.Remove(mapping.Key);
    }
}
