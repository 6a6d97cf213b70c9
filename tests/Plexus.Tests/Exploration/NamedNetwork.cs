using System.Net;
using System.Net.Sockets;
using Plexus.Sockets;

namespace Plexus.Tests.Exploration;

/// <summary>The system's network with a resolver of its own.</summary>
internal sealed class NamedNetwork(Func<string, Task<IPAddress[]>> resolve) : IDatagramNetwork
{
    public static SocketException NoSuchHost => new((int)SocketError.HostNotFound);

    public IDatagramSocket Open(IPEndPoint local) => UdpNetwork.Instance.Open(local);

    public async ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken = default) => await resolve(host);

    public IPAddress? LocalAddressTowards(IPAddress remote) => UdpNetwork.Instance.LocalAddressTowards(remote);
}
