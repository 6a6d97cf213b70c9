using System.Globalization;
using System.Net;

namespace Plexus.Lab.Namespaces;

/// <summary>A NAT of the laboratory: a namespace that translates between <c>lan</c> and <c>wan</c>.</summary>
internal sealed class NamespaceNat
{
    private readonly string _prefix;
    private int _hosts = 1; // .1 is the NAT itself.
    private NatRecipe _recipe;

    /// <param name="inner">Its namespace, which has the device <c>wan</c> already.</param>
    /// <param name="external">Its outside addresses.</param>
    /// <param name="recipe">How it behaves.</param>
    /// <param name="prefix">The first three numbers of its inside network.</param>
    public NamespaceNat(NetworkNamespace inner, IReadOnlyList<IPAddress> external, NatRecipe recipe, string prefix)
    {
        Namespace = inner;
        External = external;
        _prefix = prefix;
        _recipe = recipe;
        inner.Ip("link add lan type bridge forward_delay 0", $"address add {prefix}.1/24 dev lan", "link set lan up");
        inner.Set("ipv4/ip_forward", 1);
        Apply(recipe);
    }

    /// <summary>Its namespace.</summary>
    public NetworkNamespace Namespace { get; }

    /// <summary>Its outside addresses, the first being the device's own.</summary>
    public IReadOnlyList<IPAddress> External { get; }

    /// <summary>How it behaves. Setting it replaces the rules; mappings that exist stay.</summary>
    public NatRecipe Recipe
    {
        get => _recipe;
        set
        {
            _recipe = value;
            Apply(value);
        }
    }

    /// <summary>Plugs a namespace into the inside network.</summary>
    /// <param name="other">The namespace of a host or of another NAT.</param>
    /// <param name="device">What its device is called there.</param>
    /// <returns>The address it got.</returns>
    internal IPAddress Attach(NetworkNamespace other, string device)
    {
        int number = ++_hosts;
        string port = string.Create(CultureInfo.InvariantCulture, $"lan{number}");
        string address = string.Create(CultureInfo.InvariantCulture, $"{_prefix}.{number}");
        Namespace.Ip($"link add {port} type veth peer name {device} netns {other.Name}", $"link set {port} master lan up");
        other.Ip(
            $"address add {address}/24 dev {device}",
            $"link set {device} up",
            $"route add default via {_prefix}.1");
        return IPAddress.Parse(address);
    }

    private void Apply(NatRecipe recipe)
    {
        Namespace.Nft("flush ruleset\n" + recipe.Rules(External));
        if (recipe.UnansweredLifetime is { } unanswered)
            Namespace.Set("netfilter/nf_conntrack_udp_timeout", (int)unanswered.TotalSeconds);
        if (recipe.Lifetime is { } lifetime)
            Namespace.Set("netfilter/nf_conntrack_udp_timeout_stream", (int)lifetime.TotalSeconds);
    }
}
