using System.Net;
using Plexus.Protocols.Stun;
using static Plexus.Protocols.Stun.NatDependency;

namespace Plexus.Protocols.Tests.Stun;

/// <summary>One NAT of RFC 4787 before one host, as far as STUN notices it.</summary>
internal sealed class StunNat(NatDependency mapping, NatDependency filtering, bool hairpin = false, params IPAddress[] pool)
{
    private readonly Dictionary<(IPEndPoint Inner, string Key), IPEndPoint> _outer = [];
    private readonly Dictionary<IPEndPoint, IPEndPoint> _inner = [];
    private readonly HashSet<(IPEndPoint Outer, string Key)> _sentTo = [];
    private readonly IPAddress[] _pool = pool.Length > 0 ? pool : [IPAddress.Parse("203.0.113.20")];
    private int _nextPort = 40_000;

    public bool Hairpin { get; } = hairpin;

    /// <summary>Forgets all mappings, as after a restart.</summary>
    public void Restart()
    {
        _outer.Clear();
        _inner.Clear();
        _sentTo.Clear();
    }

    public IPEndPoint Out(IPEndPoint inner, IPEndPoint to)
    {
        (IPEndPoint, string) key = (inner, Key(mapping, to));
        if (!_outer.TryGetValue(key, out IPEndPoint? outer))
        {
            outer = new IPEndPoint(_pool[_outer.Count % _pool.Length], _nextPort++);
            _outer.Add(key, outer);
            _inner.Add(outer, inner);
        }

        _sentTo.Add((outer, Key(filtering, to)));
        return outer;
    }

    public IPEndPoint? In(IPEndPoint outer, IPEndPoint from) =>
        _inner.TryGetValue(outer, out IPEndPoint? inner) && _sentTo.Contains((outer, Key(filtering, from))) ? inner : null;

    public bool Owns(IPEndPoint endpoint) => _inner.ContainsKey(endpoint);

    private static string Key(NatDependency dependency, IPEndPoint remote) => dependency switch
    {
        EndpointIndependent => "",
        AddressDependent => remote.Address.ToString(),
        _ => remote.ToString(),
    };
}
