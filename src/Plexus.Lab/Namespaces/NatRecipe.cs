using System.Net;
using System.Text;

namespace Plexus.Lab.Namespaces;

/// <summary>How a NAT of the laboratory behaves, and the nftables rules that make the kernel behave so.</summary>
/// <remarks>
/// The outside device is <c>wan</c>, the inside one <c>lan</c>. The kernel's NAT keeps a port only while no collision forces
/// another one, and filters by address and port unless <see cref="LetsStrangersIn"/>.
/// </remarks>
internal sealed record NatRecipe
{
    /// <summary>Keeps ports, silently drops what nobody asked for: the usual router at home.</summary>
    public static NatRecipe PortRestricted { get; } = new();

    /// <summary>The same, but it answers what nobody asked for, and thereby loses the port: punching needs a low TTL.</summary>
    public static NatRecipe Answering { get; } = new() { DropsUnsolicited = false };

    /// <summary>Keeps ports and lets anybody in who knows them.</summary>
    public static NatRecipe FullCone { get; } = new() { LetsStrangersIn = true };

    /// <summary>A random port for each destination.</summary>
    public static NatRecipe RandomPorts { get; } = new() { Ports = PortChoice.Random };

    /// <summary>How ports are given.</summary>
    public PortChoice Ports { get; init; }

    /// <summary>The first port and the number of ports, where <see cref="Ports"/> uses a block.</summary>
    public (int First, int Count) Block { get; init; } = (20_000, 1024);

    /// <summary>False: the router answers an unsolicited datagram by ICMP, which leaves a harmful entry in its table.</summary>
    public bool DropsUnsolicited { get; init; } = true;

    /// <summary>Endpoint-independent filtering, by a map of the ports that were used; only with kept ports.</summary>
    public bool LetsStrangersIn { get; init; }

    /// <summary>A datagram from inside to an external port of this NAT comes back inside; needs <see cref="LetsStrangersIn"/>.</summary>
    public bool Hairpins { get; init; }

    /// <summary>Drops all UDP that goes through.</summary>
    public bool BlocksUdp { get; init; }

    /// <summary>How many external addresses it has. With random ports the address depends on the destination, too.</summary>
    public int Addresses { get; init; } = 1;

    /// <summary>How long an unanswered mapping lives, in whole seconds; null is the kernel's 30 s.</summary>
    public TimeSpan? UnansweredLifetime { get; init; }

    /// <summary>How long a mapping lives that has seen both directions, in whole seconds; null is the kernel's 120 s.</summary>
    public TimeSpan? Lifetime { get; init; }

    /// <summary>The rule set for a NAT with these external addresses, the first being the device's own.</summary>
    public string Rules(IReadOnlyList<IPAddress> external)
    {
        StringBuilder rules = new();
        rules.AppendLine("table ip nat {");
        if (LetsStrangersIn)
        {
            rules.AppendLine("map inner { type inet_service : ipv4_addr . inet_service; flags dynamic, timeout; timeout 120s; }");
            rules.AppendLine("chain prerouting { type nat hook prerouting priority dstnat;");
            rules.AppendLine("iifname \"wan\" meta l4proto udp dnat ip to udp dport map @inner");
            if (Hairpins) rules.AppendLine($"iifname \"lan\" ip daddr {external[0]} meta l4proto udp dnat ip to udp dport map @inner");
            rules.AppendLine("}");
        }

        rules.AppendLine("chain postrouting { type nat hook postrouting priority srcnat;");
        if (LetsStrangersIn) rules.AppendLine("oifname \"wan\" meta l4proto udp update @inner { udp sport : ip saddr . udp sport }");
        if (Hairpins) rules.AppendLine("iifname \"lan\" oifname \"lan\" ct status dnat masquerade");
        rules.AppendLine($"oifname \"wan\" meta l4proto {{ tcp, udp }} {Translation(external)}");
        rules.AppendLine("oifname \"wan\" masquerade");
        rules.AppendLine("}\n}");
        rules.AppendLine("table ip filter {");
        rules.AppendLine("chain forward { type filter hook forward priority filter;");
        if (BlocksUdp) rules.AppendLine("meta l4proto udp drop");
        rules.AppendLine("ct state established,related accept");
        if (LetsStrangersIn) rules.AppendLine("ct status dnat accept");
        rules.AppendLine("iifname \"wan\" drop\n}");
        if (DropsUnsolicited)
        {
            // Dropped before its entry is confirmed: an unsolicited datagram leaves no trace.
            rules.AppendLine("chain input { type filter hook input priority filter;");
            rules.AppendLine("iifname \"wan\" ct state established,related accept");
            rules.AppendLine("iifname \"wan\" drop\n}");
        }

        return rules.AppendLine("}").ToString();
    }

    // numgen's own offset would give the port's two bytes in the wrong order.
    private string PortMap() =>
        string.Join(", ", Enumerable.Range(0, Block.Count).Select(i => $"{i} : {Block.First + i}"));

    private string Translation(IReadOnlyList<IPAddress> external)
    {
        int last = Block.First + Block.Count - 1;
        string address = external.Count == 1 ? $"{external[0]}" : $"{external[0]}-{external[^1]}";
        return Ports switch
        {
            PortChoice.Random => $"snat ip to {address} fully-random",
            PortChoice.RandomInBlock => $"snat ip to {address}:{Block.First}-{last} fully-random",
            PortChoice.Sequential => $"snat ip to {external[0]} : numgen inc mod {Block.Count} map {{ {PortMap()} }}",
            _ => $"snat ip to {address}",
        };
    }
}
