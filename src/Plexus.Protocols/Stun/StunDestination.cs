using System.Net;
using System.Net.Sockets;

namespace Plexus.Protocols.Stun;

/// <summary>Whether an endpoint that a server told us may be sent to, or believed to be ours.</summary>
internal static class StunDestination
{
    private const byte FirstMulticast = 224; // RFC 5771; what lies above is reserved or broadcast.

    public static bool IsUsable(IPEndPoint endpoint, AddressFamily family)
    {
        IPAddress address = endpoint.Address;
        if (endpoint.Port == 0 || address.AddressFamily != family) return false;
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.IsIPv6Multicast) return false;
        Span<byte> bytes = stackalloc byte[16];
        return family != AddressFamily.InterNetwork || (address.TryWriteBytes(bytes, out _) && bytes[0] < FirstMulticast);
    }
}
