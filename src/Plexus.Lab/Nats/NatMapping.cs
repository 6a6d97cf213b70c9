using System.Net;
using Plexus.Protocols.Stun;

namespace Plexus.Lab.Nats;

/// <summary>An outer endpoint that stands for an inner one, with its own list of who may come in.</summary>
internal sealed class NatMapping(NatKey key, IPEndPoint outer, TimeSpan now)
{
    private readonly Dictionary<IPEndPoint, TimeSpan> _sentTo = [];
    private readonly Dictionary<IPAddress, TimeSpan> _sentToAddress = [];

    public NatKey Key { get; } = key;

    public IPEndPoint Inner => Key.Inner;

    public IPEndPoint Outer { get; } = outer;

    public TimeSpan Since { get; } = now;

    public TimeSpan LastUsed { get; private set; } = now;

    /// <summary>True when the NAT has given it up; its outer port stays taken for the lifetime.</summary>
    public bool IsRetired { get; set; }

    public bool IsAlive(NatProfile profile, TimeSpan now) =>
        now - LastUsed < profile.IdleLifetime && !(now - Since >= profile.AbsoluteLifetime);

    public void Send(IPEndPoint to, TimeSpan now)
    {
        _sentTo[to] = now;
        _sentToAddress[to.Address] = now;
        LastUsed = now;
    }

    /// <summary>Whether the inner endpoint has sent there within the lifetime.</summary>
    public bool HasSentTo(IPEndPoint to, NatProfile profile, TimeSpan now) =>
        _sentTo.TryGetValue(to, out TimeSpan at) && now - at < profile.IdleLifetime;

    public bool Admits(IPEndPoint from, NatProfile profile, TimeSpan now) => profile.Filtering switch
    {
        NatDependency.AddressDependent =>
            _sentToAddress.TryGetValue(from.Address, out TimeSpan at) && now - at < profile.IdleLifetime,
        NatDependency.AddressAndPortDependent => HasSentTo(from, profile, now),
        _ => true,
    };

    /// <summary>Counts a datagram that came in.</summary>
    public void Receive(IPEndPoint from, NatProfile profile, TimeSpan now)
    {
        if (!profile.InboundRefreshes) return;
        LastUsed = now;
        if (_sentTo.ContainsKey(from)) _sentTo[from] = now;
        if (_sentToAddress.ContainsKey(from.Address)) _sentToAddress[from.Address] = now;
    }
}
