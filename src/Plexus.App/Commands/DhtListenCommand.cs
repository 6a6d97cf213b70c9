using System.CommandLine;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Plexus.App.Logging;
using Plexus.Dht;
using Plexus.Protocols.Kademlia;
using Plexus.Sockets;

namespace Plexus.App.Commands;

/// <summary><c>plexus dht listen</c>: shows the values under a key as they come and go.</summary>
internal static class DhtListenCommand
{
    private const int Waiting = 4096; // Values that come faster than they are written; more are dropped.

    public static Command Create()
    {
        Argument<InfoHash> key = DhtGetCommand.KeyArgument();
        DhtOptions options = new(isLooking: true);
        Option<bool> json = new("--json") { Description = "Write JSON, an object a line." };
        Command command = new("listen", "Show the values under a key of the DHT as they come and go, until stopped.") { key, json };
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using ILoggerFactory log = NoticeLoggerProvider.Factory(result.InvocationConfiguration.Error);
            await using DhtNode node = await DhtNode.StartAsync(options.Read(result), UdpNetwork.Instance, TimeProvider.System, log);
            await ShowAsync(node, result.GetValue(key), result.GetValue(json), result.InvocationConfiguration.Output, cancellationToken);
            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task ShowAsync(DhtNode node, InfoHash key, bool json, TextWriter output, CancellationToken cancellationToken)
    {
        Channel<DhtFacts> channel = Channel.CreateBounded<DhtFacts>(new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropWrite });
        using DhtListen listening = node.Listen(
            key, value => channel.Writer.TryWrite(DhtFacts.Of(value)), value => channel.Writer.TryWrite(DhtFacts.Of(value, "expired")));
        try
        {
            await foreach (DhtFacts facts in channel.Reader.ReadAllAsync(cancellationToken))
            {
                await output.WriteLineAsync(DhtGetCommand.Show(facts, json));
                await output.FlushAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // To be stopped is how listening ends.
        }
    }
}
