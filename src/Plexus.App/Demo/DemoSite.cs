using System.Net;
using Plexus.Lab.Namespaces;
using Plexus.Sockets;

namespace Plexus.App.Demo;

/// <summary>A machine of the demonstration.</summary>
/// <param name="Name">What it is called on the screen; the pin of its identity.</param>
/// <param name="Network">Where its sockets come from.</param>
/// <param name="Address">Its own address.</param>
/// <param name="Place">Where it is, for the screen.</param>
/// <param name="Kernel">The namespace in which it can start programs; null in memory, where no program of the system can be.</param>
internal sealed record DemoSite(string Name, IDatagramNetwork Network, IPAddress Address, string Place, NamespaceHost? Kernel = null);
