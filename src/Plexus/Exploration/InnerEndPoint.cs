using System.Net;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>The local endpoint that can be compared with what servers see.</summary>
internal static class InnerEndPoint
{
    /// <param name="network">Tells the address of the route.</param>
    /// <param name="bound">A socket's endpoint, maybe with the any-address.</param>
    /// <param name="remote">Where its datagrams go.</param>
    public static IPEndPoint Of(IDatagramNetwork network, IPEndPoint bound, IPAddress remote)
    {
        bool isAny = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any);
        return isAny && network.LocalAddressTowards(remote) is { } address ? new IPEndPoint(address, bound.Port) : bound;
    }
}
