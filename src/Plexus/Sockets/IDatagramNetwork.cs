using System.Net;

namespace Plexus.Sockets;

/// <summary>Where sockets come from: the system's network, or the laboratory's.</summary>
internal interface IDatagramNetwork
{
    /// <summary>Binds a socket.</summary>
    /// <param name="local">The address, which chooses the family, and the port; 0 is any free port.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The endpoint is taken, or not this machine's.</exception>
    IDatagramSocket Open(IPEndPoint local);

    /// <summary>The addresses of a host name, or of an address literal.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name does not resolve.</exception>
    ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken = default);

    /// <summary>The local address from which a datagram to this destination would leave; null without a route.</summary>
    IPAddress? LocalAddressTowards(IPAddress remote);
}
