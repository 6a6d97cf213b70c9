using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plexus.App.Logging;
using Plexus.Dht;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Sockets;

namespace Plexus.App.Commands;

/// <summary><c>plexus dht get</c>: shows the values under a key.</summary>
internal static class DhtGetCommand
{
    private const int DefaultTimeout = 30; // Seconds: three attempts at each of a few dead nodes in a row.
    private const int LongestTimeout = 3600;

    public static Command Create()
    {
        Argument<InfoHash> key = KeyArgument();
        DhtOptions options = new(isLooking: true);
        Option<long> timeout = DhtOptions.Number("--timeout", "Seconds to wait for nodes that do not answer.", DefaultTimeout, LongestTimeout);
        Option<bool> json = new("--json") { Description = "Write JSON, an object a line." };
        Command command = new("get", "Show the values under a key of the DHT.") { key, timeout, json };
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using ILoggerFactory log = NoticeLoggerProvider.Factory(result.InvocationConfiguration.Error);
            await using DhtNode node = await DhtNode.StartAsync(options.Read(result), UdpNetwork.Instance, TimeProvider.System, log);
            IReadOnlyList<DhtValue> values = await node.GetAsync(
                result.GetValue(key), TimeSpan.FromSeconds(result.GetValue(timeout)), cancellationToken: cancellationToken);
            TextWriter output = result.InvocationConfiguration.Output;
            foreach (DhtValue value in values) await output.WriteLineAsync(Show(DhtFacts.Of(value), result.GetValue(json)));
            if (values.Count == 0) await result.InvocationConfiguration.Error.WriteLineAsync($"There is no value under {result.GetValue(key)}.");
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>A key: 40 hexadecimal digits, or any other text, which is hashed.</summary>
    public static Argument<InfoHash> KeyArgument() => new("key")
    {
        Description = "The key: 40 hexadecimal digits, or any other text, whose SHA-1 it is then.",
        HelpName = "key",
        CustomParser = static result => InfoHash.TryParse(result.Tokens[0].Value, out InfoHash hash) ? hash : InfoHash.OfText(result.Tokens[0].Value),
    };

    public static string Show(DhtFacts facts, bool json) => json ? JsonSerializer.Serialize(facts, DhtJson.Default.DhtFacts) : facts.ForPeople();
}
