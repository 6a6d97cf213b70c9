using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Plexus.App.Settings;
using Plexus.Dht;
using Plexus.Sockets;

namespace Plexus.App.Commands;

/// <summary>The options that the DHT commands share: how the network is reached.</summary>
internal sealed class DhtOptions
{
    private const string None = "none";

    /// <param name="isLooking">Whether the command looks once and goes, instead of serving.</param>
    public DhtOptions(bool isLooking)
    {
        IsLooking = isLooking;
        Port = Number("--port", "Local UDP port; 0 is any.", isLooking ? 0 : DhtNodeOptions.DefaultPort, IPEndPoint.MaxPort);
        Network = Number("--network", "Number of the DHT network; 0 is the public one.", 0, uint.MaxValue);
    }

    public Option<long> Port { get; }

    public Option<long> Network { get; }

    public Option<IPAddress[]> Bind { get; } = new("--bind")
    {
        Description = "Local addresses, one of each family at most, parted by a comma. Left out, any.",
        HelpName = "ip[,ip]",
        DefaultValueFactory = _ => [IPAddress.Any, IPAddress.IPv6Any],
        CustomParser = result => ReadAddresses(result.Tokens[0].Value, result.AddError),
    };

    public Option<IReadOnlyList<EndpointName>?> Bootstrap { get; } = new("--bootstrap")
    {
        Description = $"Nodes to begin with, host[:port] parted by , or ;. '{None}' begins a network of its own. Left out, {DhtNodeOptions.PublicBootstrap}, which knows network 0 only; '{None}' for another one.",
        HelpName = "list",
        CustomParser = result => ReadHosts(result.Tokens[0].Value, result.AddError),
    };

    public Option<string?> State { get; } = new("--state")
    {
        Description = $"File in which the node's id and the nodes it knows are kept between runs; '{None}' keeps nothing. Left out, a file of this user.",
        HelpName = "file",
    };

    private bool IsLooking { get; }

    public void AddTo(Command command)
    {
        command.Add(Port);
        command.Add(Bind);
        command.Add(Bootstrap);
        command.Add(Network);
        command.Add(State);
    }

    public DhtNodeOptions Read(ParseResult result)
    {
        uint network = (uint)result.GetValue(Network);
        return new DhtNodeOptions
        {
            Port = (int)result.GetValue(Port),
            Addresses = result.GetRequiredValue(Bind),
            Bootstrap = result.GetValue(Bootstrap) ?? (network == 0 ? [DhtNodeOptions.PublicBootstrap] : []),
            Network = network,
            IsClient = IsLooking,
            StateFile = result.GetValue(State) is { Length: > 0 } file ? (file == None ? null : file) : DefaultState(network),
        };
    }

    /// <summary>A number of the command line.</summary>
    public static Option<long> Number(string name, string description, long value, long most) => new(name)
    {
        Description = description,
        HelpName = "number",
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= most) return number;
            result.AddError($"{name}: '{text}' is not allowed; allowed is 0 to {most}.");
            return 0;
        },
    };

    /// <summary>The file of this user; each network has its own nodes.</summary>
    private static string? DefaultState(uint network) => StateFolder.Path is { } folder
        ? Path.Combine(folder, network == 0 ? "dht" : string.Create(CultureInfo.InvariantCulture, $"dht-{network}"))
        : null;

    private static IPAddress[] ReadAddresses(string text, Action<string> addError)
    {
        List<IPAddress> addresses = [];
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!EndpointName.TryParseLocal(part, 0, out IPEndPoint? local) || local.Port != 0)
            {
                addError($"--bind: '{part}' is no address.");
                return [];
            }

            addresses.Add(local.Address);
        }

        if (addresses.Count == 0) addError("--bind needs an address.");
        if (addresses.Count(static a => a.AddressFamily == AddressFamily.InterNetwork) > 1
            || addresses.Count(static a => a.AddressFamily == AddressFamily.InterNetworkV6) > 1)
        {
            addError("--bind: one address of each family is allowed.");
        }

        return [.. addresses];
    }

    private static IReadOnlyList<EndpointName> ReadHosts(string text, Action<string> addError)
    {
        if (text == None) return [];
        if (!EndpointName.TryParseList(text, DhtNodeOptions.DefaultPort, out IReadOnlyList<EndpointName> names, out string? wrong))
            addError($"--bootstrap: '{wrong}' is no host[:port].");
        else if (names.Count == 0) addError($"--bootstrap needs a host; '{None}' begins a network of its own.");
        return names;
    }
}
