using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Plexus.App.Logging;
using Plexus.Dht;
using Plexus.Sockets;

namespace Plexus.App.Commands;

/// <summary><c>plexus dht</c>: a node of the OpenDHT network, and looks into it.</summary>
internal static class DhtCommand
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TellPeriod = TimeSpan.FromMinutes(10); // A log of a year stays readable.

    public static Command Create()
    {
        DhtOptions options = new(isLooking: false);
        Command command = new("dht", "Be a node of the OpenDHT network, until stopped; or look into the network.")
        {
            DhtPingCommand.Create(),
            DhtGetCommand.Create(),
            DhtListenCommand.Create(),
        };
        options.AddTo(command);
        command.SetAction((result, cancellationToken) => RunAsync(
            options.Read(result), result.InvocationConfiguration.Output, result.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(DhtNodeOptions options, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        using ILoggerFactory log = NoticeLoggerProvider.Factory(error);
        await using DhtNode node = await DhtNode.StartAsync(options, UdpNetwork.Instance, TimeProvider.System, log);
        await output.WriteLineAsync(
            $"OpenDHT node {node.Id} on {string.Join(" and ", node.LocalEndPoints)}, network {options.Network}");
        string told = "";
        long tellAgain = 0;
        try
        {
            using PeriodicTimer timer = new(LookPeriod);
            do
            {
                IReadOnlyList<DhtFamilyReport> report = node.Report();
                string status = string.Join(", ", report.Select(static family => $"{Family(family)} {family.Status.ToString().ToLowerInvariant()}"));
                if (status == told && TimeProvider.System.GetElapsedTime(tellAgain) < TellPeriod) continue;
                (told, tellAgain) = (status, TimeProvider.System.GetTimestamp());
                await output.WriteLineAsync(string.Join("; ", report.Select(Describe)));
                await output.FlushAsync(cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // To be stopped is how a node's work ends.
        }

        return ExitCodes.Success;
    }

    private static string Family(DhtFamilyReport report) =>
        report.LocalEndPoint.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? "IPv4" : "IPv6";

    private static string Describe(DhtFamilyReport report)
    {
        string seen = report.ReportedAddress is { } address ? $", seen as {address}" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Family(report)}: {report.Status.ToString().ToLowerInvariant()}, {report.GoodNodes} nodes, {report.Values} values under {report.Keys} keys, {report.Received} datagrams received, {report.Sent} sent{seen}");
    }
}
