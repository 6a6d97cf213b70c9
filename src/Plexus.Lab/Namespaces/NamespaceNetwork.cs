using System.Net;
using Plexus.Sockets;

namespace Plexus.Lab.Namespaces;

/// <summary>The network of one namespace: a socket stays in the namespace of the thread that made it.</summary>
internal sealed class NamespaceNetwork(NetworkNamespace inner) : IDatagramNetwork
{
    public IDatagramSocket Open(IPEndPoint local) => inner.Run(() => UdpNetwork.Instance.Open(local));

    /// <summary>Address literals only: the laboratory has no name servers.</summary>
    public ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken = default) =>
        UdpNetwork.Instance.ResolveAsync(host, cancellationToken);

    public IPAddress? LocalAddressTowards(IPAddress remote) => inner.Run(() => UdpNetwork.Instance.LocalAddressTowards(remote));
}
