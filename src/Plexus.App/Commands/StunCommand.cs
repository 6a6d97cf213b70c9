using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Plexus.Exploration;
using Plexus.Protocols.Stun;
using Plexus.Sockets;

namespace Plexus.App.Commands;

/// <summary><c>plexus stun</c>: a STUN server of one's own.</summary>
internal static class StunCommand
{
    private const int DefaultAlternatePort = 3479; // What RFC 5780 servers commonly use beside 3478.

    public static Command Create()
    {
        Option<IPAddress[]> bind = new("--bind")
        {
            Description = "Addresses to serve, parted by commas. Two of one family let clients test their filtering (RFC 5780). "
                + "Left out, all addresses of this machine.",
            HelpName = "ip[,ip]",
            DefaultValueFactory = _ => [IPAddress.Any, IPAddress.IPv6Any],
            CustomParser = result => ReadAddresses(result.Tokens[0].Value, result.AddError),
        };
        Option<int> port = Port("--port", "Port to serve.", StunServers.DefaultPort);
        Option<int> alternatePort = Port("--alt-port", "Second port.", DefaultAlternatePort);
        Command command = new("stun", "Be a STUN server, over UDP and TCP.") { bind, port, alternatePort };
        command.SetAction(async (result, cancellationToken) =>
        {
            TextWriter output = result.InvocationConfiguration.Output;
            IPAddress[] bound = result.GetRequiredValue(bind);
            await using StunHost host = StunHost.Open(
                Reachable(bound), result.GetValue(port), result.GetValue(alternatePort),
                UdpNetwork.Instance, TimeProvider.System);
            foreach (StunServer server in host.Servers) await output.WriteLineAsync(Describe(server, bound));
            await output.FlushAsync(cancellationToken);
            await host.RunAsync(cancellationToken);
            await output.WriteLineAsync(
                $"Answered {host.Servers.Sum(s => s.Answered)} requests, dropped {host.Servers.Sum(s => s.Dropped)} datagrams.");
            return 0;
        });
        return command;
    }

    private static Option<int> Port(string name, string description, int value)
    {
        Option<int> option = new(name) { Description = description, HelpName = "number", DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > IPEndPoint.MaxPort) result.AddError($"{name} must be 1 to 65535.");
        });
        return option;
    }

    private static IPAddress[] ReadAddresses(string text, Action<string> addError)
    {
        List<IPAddress> addresses = [];
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!EndpointName.TryParseLocal(part, 0, out IPEndPoint? local) || local.Port != 0)
            {
                addError($"'{part}' is no address.");
                return [];
            }

            addresses.Add(local.Address);
        }

        if (addresses.Count == 0) addError("--bind needs an address.");
        return [.. addresses];
    }

    // A machine without IPv6 still serves IPv4, unless IPv6 was asked for by name.
    private static IEnumerable<IPAddress> Reachable(IPAddress[] addresses) =>
        addresses.Where(a => !a.Equals(IPAddress.IPv6Any) || Socket.OSSupportsIPv6);

    private static string Describe(StunServer server, IPAddress[] bound)
    {
        IPEndPoint[] sockets = [.. server.Sockets.Numbers.Select(n => server.Sockets[n])];
        bool isAny = !bound.Contains(sockets[0].Address);
        string where = isAny
            ? $"all {(sockets[0].AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6")} addresses, ports {string.Join(" and ", sockets.Select(s => s.Port))}, known to clients as {sockets[0].Address}"
            : string.Join(", ", sockets.AsEnumerable());
        string advice = isAny && IPAddress.IsLoopback(sockets[0].Address) ? "; without a default route there: --bind names the address that clients use."
            : server.Sockets.HasTwoAddresses ? "."
            : "; with a second address clients could test their filtering too.";
        return $"Serving STUN on {where} (UDP and TCP){advice}";
    }
}
