using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Exploration;
using Plexus.Protocols.Stun;
using Plexus.Sockets;

namespace Plexus.App.Commands;

/// <summary><c>plexus explore</c>: shows how the NATs between this machine and the world behave.</summary>
internal static class ExploreCommand
{
    private const int Column = 16; // The longest label and two blanks.

    public static Command Create()
    {
        Option<string?> servers = new("--stun-server")
        {
            Description = "STUN servers to ask, host[:port] parted by commas. Left out, some public ones: "
                + string.Join(", ", StunServers.Default) + ".",
            HelpName = "list",
        };
        Option<IPEndPoint> bind = new("--bind")
        {
            Description = "Local address and port; the address chooses IPv4 or IPv6.",
            HelpName = "ip[:port]",
            DefaultValueFactory = _ => new IPEndPoint(IPAddress.Any, 0),
            CustomParser = result =>
            {
                if (EndpointName.TryParseLocal(result.Tokens[0].Value, 0, out IPEndPoint? local)) return local;
                result.AddError($"'{result.Tokens[0].Value}' is no local endpoint: write ip, ip:port or [ip]:port.");
                return null;
            },
        };
        Option<bool> tcp = new("--tcp") { Description = "Explore how TCP connections are mapped, instead of UDP." };
        Option<bool> json = new("--json") { Description = "Write JSON." };
        Command command = new("explore", "Show how the NAT of this network behaves, and what that means for connecting.")
        {
            servers, bind, tcp, json,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            bool overTcp = result.GetValue(tcp);
            NatReport report = await ExploreAsync(
                result.GetRequiredValue(bind), StunServers.Parse(result.GetValue(servers)), overTcp, cancellationToken);
            TextWriter output = result.InvocationConfiguration.Output;
            ExploreFacts facts = ExploreFacts.Of(report, overTcp);
            await output.WriteLineAsync(result.GetValue(json)
                ? JsonSerializer.Serialize(facts, ExploreJson.Default.ExploreFacts) : Text(report, overTcp));
            return 0;
        });
        return command;
    }

    private static Task<NatReport> ExploreAsync(
        IPEndPoint local, IReadOnlyList<EndpointName> servers, bool overTcp, CancellationToken cancellationToken) => overTcp
        ? new TcpNatExplorer(UdpNetwork.Instance, TimeProvider.System).ExploreAsync(local, servers, cancellationToken)
        : new NatExplorer(UdpNetwork.Instance, TimeProvider.System, NullLogger.Instance).ExploreAsync(local, servers, cancellationToken);

    private static string Text(NatReport report, bool overTcp)
    {
        NatBehavior behavior = report.Behavior;
        List<string> lines =
        [
            Row("Inner endpoint", $"{report.Inner} ({(overTcp ? "TCP" : "UDP")})"),
            Row("Outer endpoint", report.Outer.ToString()),
            Row("Behind a NAT", YesNo(behavior.BehindNat) + (behavior.PortChanged ? ", port changed" : ", port preserved")),
            Row("Mapping", ExploreFacts.Word(behavior.Mapping, ' ') + (behavior.AddressVaries ? ", even the address varies" : "")),
            Row("Filtering", ExploreFacts.Word(behavior.Filtering, ' ')),
            Row("Hairpin", behavior.Hairpin is { } hairpin ? YesNo(hairpin) : "unknown"),
            Row("Firewall bits", report.Bits),
            "",
            .. report.Servers.Select(s => $"  {s.Name}: {Outcome(s)}"),
            "",
            report.Summary,
        ];
        return string.Join(Environment.NewLine, lines);
    }

    private static string Row(string label, string value) => label.PadRight(Column) + value;

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static string Outcome(ServerReport server) => server.Mapped is null
        ? server.Failure ?? "no answer yet"
        : string.Create(CultureInfo.InvariantCulture, $"{server.Mapped} in {server.RoundTrip?.TotalMilliseconds:0} ms");
}
