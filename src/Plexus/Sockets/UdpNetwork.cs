using System.Net;
using System.Net.Sockets;

namespace Plexus.Sockets;

/// <summary>The system's own network.</summary>
internal sealed class UdpNetwork : IDatagramNetwork
{
    private const int AnyPort = 9; // Connecting a UDP socket sends nothing: the port means nothing either.

    public static UdpNetwork Instance { get; } = new();

    public IDatagramSocket Open(IPEndPoint local) => new UdpDatagramSocket(local);

    public async ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken = default) =>
        IPAddress.TryParse(host.AsSpan().Trim("[]"), out IPAddress? literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(host, cancellationToken);

    public IPAddress? LocalAddressTowards(IPAddress remote)
    {
        try
        {
            using Socket probe = new(remote.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            probe.Connect(remote, AnyPort);
            return (probe.LocalEndPoint as IPEndPoint)?.Address;
        }
        catch (SocketException)
        {
            return null; // No route: there is no such address.
        }
    }
}
