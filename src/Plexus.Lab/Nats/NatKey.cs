using System.Net;
using Plexus.Protocols.Stun;

namespace Plexus.Lab.Nats;

/// <summary>What a mapping is found by.</summary>
/// <param name="Inner">The inner endpoint.</param>
/// <param name="Address">The destination's address; null when the mapping does not depend on it.</param>
/// <param name="Port">The destination's port; null when the mapping does not depend on it.</param>
internal readonly record struct NatKey(IPEndPoint Inner, IPAddress? Address, int? Port)
{
    public static NatKey Of(IPEndPoint inner, IPEndPoint to, NatDependency mapping) => mapping switch
    {
        NatDependency.AddressAndPortDependent => new(inner, to.Address, to.Port),
        NatDependency.AddressDependent => new(inner, to.Address, null),
        _ => new(inner, null, null),
    };
}
