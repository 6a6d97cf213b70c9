using System.Diagnostics;
using System.Net;
using Plexus.Sockets;

namespace Plexus.Lab.Namespaces;

/// <summary>A machine of the laboratory: a namespace with one device and one way out.</summary>
internal sealed class NamespaceHost(NetworkNamespace inner, IReadOnlyList<IPAddress> addresses)
{
    /// <summary>Its namespace.</summary>
    public NetworkNamespace Namespace { get; } = inner;

    /// <summary>Its first address.</summary>
    public IPAddress Address => Addresses[0];

    /// <summary>All its addresses.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; } = addresses;

    /// <summary>Its network, for a host that runs inside this process.</summary>
    public IDatagramNetwork Network { get; } = new NamespaceNetwork(inner);

    /// <summary>Starts a program on it.</summary>
    public Process Start(ProcessStartInfo start) => Namespace.Start(start);
}
