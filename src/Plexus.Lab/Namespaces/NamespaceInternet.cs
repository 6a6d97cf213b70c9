using System.Globalization;
using System.Net;

namespace Plexus.Lab.Namespaces;

/// <summary>An internet of kernel namespaces: public hosts around a core, access lines with routers on them, NATs, homes.</summary>
/// <remarks>
/// <code>
///   public hosts 198.51.100.0/24 ── core ── router ── … ── NAT 203.0.113.0/24 ── home 192.168.N.0/24
/// </code>
/// Between two NATs lie twice the routers of an access line, and the core: the time-to-live means something. Links have no
/// networks of their own; every router is known by one address of 192.0.2.0/24. IPv4 only.
/// </remarks>
internal sealed class NamespaceInternet : IDisposable
{
    // An acceptor's first datagram lives for 7 hops by default: three routers a line make the peer's NAT the ninth.
    private const int DefaultRouters = 3;

    private static readonly Lazy<string?> Obstacle = new(FindObstacle);

    private readonly List<IDisposable> _parts = [];
    private readonly NetworkNamespace _core;
    private readonly IPAddress _coreAddress;
    private int _routers;
    private int _publicHosts = 9;
    private int _external;
    private int _homes;

    /// <exception cref="InvalidOperationException">The machine does not allow it: see <see cref="WhyNot"/>.</exception>
    public NamespaceInternet()
    {
        NetworkNamespace.RemoveStale();
        _core = AddRouter("core", out _coreAddress);
    }

    /// <summary>Why this process cannot make such an internet, in one sentence; null when it can.</summary>
    public static string? WhyNot => Obstacle.Value;

    /// <summary>Adds a host with public addresses beside the core.</summary>
    /// <param name="role">Part of the namespace's name.</param>
    /// <param name="addresses">How many addresses it gets.</param>
    public NamespaceHost AddPublicHost(string role, int addresses = 1)
    {
        NetworkNamespace host = Add(role);
        IPAddress[] own = [.. Enumerable.Range(0, addresses).Select(_ => Number("198.51.100", ++_publicHosts))];
        Join(_core, host, "eth0", own);
        host.Ip(
            [.. own.Select(address => $"address add {address}/32 dev eth0"),
            $"route add default via {_coreAddress} dev eth0 onlink"]);
        return new NamespaceHost(host, own);
    }

    /// <summary>Adds a NAT.</summary>
    /// <param name="recipe">How it behaves.</param>
    /// <param name="line">What its access line does to packets; null is a wire without delay. Root only.</param>
    /// <param name="behind">The NAT whose inside network it is plugged into; null is an access line of its own.</param>
    /// <param name="routers">Routers between it and the core, where it has a line of its own.</param>
    /// <param name="carrier">Its inside network is one of 100.64.0.0/10, as carriers have for the NATs of their customers.</param>
    public NamespaceNat AddNat(
        NatRecipe recipe, DelayLineOptions? line = null, NamespaceNat? behind = null, int routers = DefaultRouters, bool carrier = false)
    {
        NetworkNamespace nat = Add(carrier ? "carrier" : "nat");
        string inside = string.Create(CultureInfo.InvariantCulture, $"{(carrier ? "100.64" : "192.168")}.{++_homes}");
        if (behind is not null) return new NamespaceNat(nat, [behind.Attach(nat, "wan")], recipe, inside);

        IPAddress[] external = [.. Enumerable.Range(0, recipe.Addresses).Select(_ => Number("203.0.113", ++_external))];
        (NetworkNamespace above, IPAddress gateway) = (_core, _coreAddress);
        for (int i = 0; i < routers; i++)
        {
            NetworkNamespace router = AddRouter("router", out IPAddress address);
            Join(above, router, "uplink", [address, .. external]);
            router.Ip($"route add default via {gateway} dev uplink onlink");
            (above, gateway) = (router, address);
        }

        if (line is null)
        {
            Join(above, nat, "wan", external);
        }
        else
        {
            _parts.Add(DelayLine.Start(above, "down", nat, "wan", line));
            above.Ip(["link set dev down up", .. RoutesDown("down", external)]);
        }

        nat.Ip(
            [.. external.Select(address => $"address add {address}/32 dev wan"), "link set dev wan up",
            $"route add default via {gateway} dev wan onlink"]);
        return new NamespaceNat(nat, external, recipe, inside);
    }

    /// <summary>Adds a host to the inside network of a NAT.</summary>
    public NamespaceHost AddHost(NamespaceNat behind, string role = "home")
    {
        NetworkNamespace host = Add(role);
        return new NamespaceHost(host, [behind.Attach(host, "eth0")]);
    }

    /// <summary>Ends everything that runs in the laboratory, and removes it.</summary>
    public void Dispose()
    {
        for (int i = _parts.Count - 1; i >= 0; i--) _parts[i].Dispose();
        _parts.Clear();
    }

    private static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux()) return "Network namespaces exist on Linux only.";
        foreach (string tool in (string[])["ip", "nft"])
        {
            if (SystemTool.Find(tool) is null) return $"The program '{tool}' is not installed.";
        }

        try
        {
            using NetworkNamespace trial = NetworkNamespace.Create("trial");
            trial.Nft(NatRecipe.PortRestricted.Rules([IPAddress.Loopback]));
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or IOException)
        {
            return $"This user or this system may not make network namespaces ({e.Message.Split('\n')[0]}).";
        }
    }

    private static IPAddress Number(string prefix, int last) =>
        IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"{prefix}.{last}"));

    /// <summary>Makes a link, and the routes down it: to the first address as a neighbour, to the others through it.</summary>
    private static void Join(NetworkNamespace above, NetworkNamespace below, string device, IReadOnlyList<IPAddress> reached)
    {
        string port = "to" + below.Name.Split('-')[2]; // the number in the name: a device's name has at most 15 characters
        above.Ip(
            [$"link add {port} type veth peer name {device} netns {below.Name}", $"link set {port} up",
            .. RoutesDown(port, reached)]);
        below.Ip($"link set {device} up");
    }

    private static IEnumerable<string> RoutesDown(string port, IReadOnlyList<IPAddress> reached) =>
        [$"route add {reached[0]} dev {port}",
        .. reached.Skip(1).Select(address => $"route add {address} via {reached[0]} dev {port} onlink")];

    private NetworkNamespace AddRouter(string role, out IPAddress address)
    {
        NetworkNamespace router = Add(role);
        address = Number("192.0.2", ++_routers);
        router.Ip($"address add {address}/32 dev lo");
        router.Set("ipv4/ip_forward", 1);
        return router;
    }

    private NetworkNamespace Add(string role)
    {
        NetworkNamespace made = NetworkNamespace.Create(role);
        _parts.Add(made);
        made.Set("ipv4/conf/all/rp_filter", 0);
        made.Set("ipv4/conf/default/rp_filter", 0);
        return made;
    }
}
