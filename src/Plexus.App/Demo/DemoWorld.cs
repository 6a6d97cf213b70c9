using Plexus.Lab;
using Plexus.Lab.Namespaces;
using Plexus.Lab.Nats;

namespace Plexus.App.Demo;

/// <summary>The internet of the demonstration: one public machine, two behind NATs of their own.</summary>
internal sealed class DemoWorld : IDisposable
{
    public const string Inviter = "laptop";
    public const string Acceptor = "server";

    private readonly IDisposable _internet;

    private DemoWorld(IDisposable internet, string description, DemoSite hub, DemoSite laptop, DemoSite server) =>
        (_internet, Description, Hub, Laptop, Server) = (internet, description, hub, laptop, server);

    /// <summary>What it is made of, for the screen.</summary>
    public string Description { get; }

    /// <summary>The public machine with the DHT node and the STUN server.</summary>
    public DemoSite Hub { get; }

    /// <summary>The machine that invites.</summary>
    public DemoSite Laptop { get; }

    /// <summary>The machine that waits for invitations.</summary>
    public DemoSite Server { get; }

    /// <summary>An internet of the kernel: hosts, routers and NATs are network namespaces.</summary>
    /// <exception cref="InvalidOperationException">The system does not allow it.</exception>
    public static DemoWorld InKernel()
    {
        NamespaceInternet internet = new();
        try
        {
            NamespaceHost hub = internet.AddPublicHost("hub", addresses: 2);
            return new DemoWorld(
                internet,
                "network namespaces of the kernel, its own NAT, seven routers between the two homes",
                new DemoSite("hub", hub.Network, hub.Address, $"public, {hub.Address}", hub),
                AddHome(internet, Inviter),
                AddHome(internet, Acceptor));
        }
        catch
        {
            internet.Dispose();
            throw;
        }
    }

    /// <summary>An internet in this process's memory, in real time.</summary>
    public static DemoWorld InMemory()
    {
        Internet internet = Internet.InRealTime(Random.Shared.Next());
        LabHost hub = internet.AddHost("hub", "198.51.100.10");
        hub.AddAddress("198.51.100.11");
        return new DemoWorld(
            internet,
            "in this program's memory, NATs by RFC 4787, 40 ms round trip between the two homes",
            new DemoSite("hub", hub, hub.Address, $"public, {hub.Address}"),
            AddHome(internet, Inviter, "192.168.1.2", "203.0.113.1"),
            AddHome(internet, Acceptor, "192.168.2.2", "203.0.113.2"));
    }

    public void Dispose() => _internet.Dispose();

    private static DemoSite AddHome(NamespaceInternet internet, string name)
    {
        NamespaceNat nat = internet.AddNat(NatRecipe.PortRestricted);
        NamespaceHost host = internet.AddHost(nat, name);
        return new DemoSite(name, host.Network, host.Address, Place(host.Address, nat.External[0]), host);
    }

    private static DemoSite AddHome(Internet internet, string name, string address, string external)
    {
        LabNat nat = internet.AddNat(name + "-nat", NatProfile.PortRestricted, external);
        LabHost host = nat.AddHost(name, address);
        return new DemoSite(name, host, host.Address, Place(host.Address, external));
    }

    private static string Place(object address, object external) =>
        $"{address} behind the NAT {external}, which drops whatever it did not ask for";
}
