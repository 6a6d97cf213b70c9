using System.Net;
using System.Net.Sockets;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>Addresses that no node can have, and those that mean another node than they say.</summary>
internal static class Martians
{
    private const byte IPv4MulticastAndAbove = 0xe0; // 224.0.0.0/3: multicast, reserved, broadcast.

    /// <summary>Whether datagrams from here, and node entries that say so, are to be ignored.</summary>
    /// <remarks>Private, loopback, link-local and documentation addresses are not: closed networks use them.</remarks>
    public static bool IsMartian(IPEndPoint endPoint)
    {
        if (endPoint.Port == 0) return true;
        IPAddress address = endPoint.Address;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return address.IsIPv6Multicast || address.IsIPv4MappedToIPv6 || address.Equals(IPAddress.IPv6Any);
        }

        Span<byte> bytes = stackalloc byte[4];
        return !address.TryWriteBytes(bytes, out _) || bytes[0] is 0 or >= IPv4MulticastAndAbove;
    }

    /// <summary>The entry as it was meant.</summary>
    /// <remarks>A node that names a loopback address means a neighbour on its own machine.</remarks>
    public static NodeEntry Resolve(NodeEntry entry, IPEndPoint responder) =>
        IPAddress.IsLoopback(entry.EndPoint.Address) && entry.EndPoint.AddressFamily == responder.AddressFamily
            ? entry with { EndPoint = new IPEndPoint(responder.Address, entry.EndPoint.Port) }
            : entry;

    /// <summary>An IPv4 address that a socket of both families wrapped in IPv6, unwrapped.</summary>
    public static IPEndPoint Unmap(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
