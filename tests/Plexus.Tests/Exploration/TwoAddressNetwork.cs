using System.Net;
using Plexus.Lab;
using Plexus.Sockets;

namespace Plexus.Tests.Exploration;

/// <summary>Two hosts of the laboratory as one machine with two addresses.</summary>
internal sealed class TwoAddressNetwork(LabHost first, LabHost second) : IDatagramNetwork
{
    public IDatagramSocket Open(IPEndPoint local) => (local.Address.Equals(second.Address) ? second : first).Open(local);

    public ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken = default) =>
        first.ResolveAsync(host, cancellationToken);

    public IPAddress? LocalAddressTowards(IPAddress remote) => first.LocalAddressTowards(remote);
}
