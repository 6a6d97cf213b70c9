using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Plexus.Dht;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Sockets;

namespace Plexus.App.Commands;

/// <summary><c>plexus dht ping</c>: asks whether a node answers.</summary>
internal static class DhtPingCommand
{
    public static Command Create()
    {
        Argument<EndpointName> host = new("host")
        {
            Description = $"The node, host[:port]; the port is {DhtNodeOptions.DefaultPort} when left out.",
            HelpName = "host[:port]",
            CustomParser = result =>
            {
                if (EndpointName.TryParse(result.Tokens[0].Value, DhtNodeOptions.DefaultPort, out EndpointName? name) && name.Port != 0) return name;
                result.AddError($"'{result.Tokens[0].Value}' is no host[:port].");
                return null;
            },
        };
        Option<long> network = DhtOptions.Number("--network", "Number of the DHT network; 0 is the public one.", 0, uint.MaxValue);
        Option<bool> json = new("--json") { Description = "Write JSON, an object a line." };
        Command command = new("ping", "Ask whether a node of the DHT answers, at all addresses of a host.") { host, network, json };
        command.SetAction((result, cancellationToken) => RunAsync(
            result.GetRequiredValue(host),
            (uint)result.GetValue(network),
            result.GetValue(json),
            result.InvocationConfiguration.Output,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(EndpointName host, uint network, bool json, TextWriter output, CancellationToken cancellationToken)
    {
        IPEndPoint[] endPoints;
        try
        {
            endPoints = [.. (await UdpNetwork.Instance.ResolveAsync(host.Host, cancellationToken)).Select(address => new IPEndPoint(address, host.Port))];
        }
        catch (SocketException e)
        {
            throw new PlexusException(PlexusStage.Rendezvous, $"'{host.Host}' does not resolve ({e.Message}); check the name and the connection.", e);
        }

        Task<PingAnswer?>[] pings = [.. endPoints.Select(endPoint =>
            DhtPing.AskAsync(endPoint, network, UdpNetwork.Instance, TimeProvider.System, cancellationToken))];
        int answered = 0;
        for (int i = 0; i < pings.Length; i++)
        {
            PingAnswer? answer = await pings[i];
            if (answer is not null) answered++;
            await output.WriteLineAsync(json ? JsonSerializer.Serialize(Facts(endPoints[i], answer), DhtJson.Default.DhtPingFacts) : Text(endPoints[i], answer));
        }

        return answered > 0
            ? ExitCodes.Success
            : throw new PlexusException(PlexusStage.Rendezvous, $"No DHT node of network {network} answers at {host}; check address, port and --network.");
    }

    private static DhtPingFacts Facts(IPEndPoint endPoint, PingAnswer? answer) =>
        new(endPoint.ToString(), answer?.Id.ToString(), answer?.RoundTrip.TotalMilliseconds, answer?.ReportedAddress?.ToString());

    private static string Text(IPEndPoint endPoint, PingAnswer? answer) => answer is not { } found
        ? $"{endPoint}: no answer"
        : string.Create(CultureInfo.InvariantCulture, $"{endPoint}: node {found.Id}, {found.RoundTrip.TotalMilliseconds:0.0} ms")
            + (found.ReportedAddress is { } address ? $", sees us as {address}" : "");
}
