using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Plexus.App.Commands;
using Plexus.Dht;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Sockets;

namespace Plexus.App.Tests.Commands;

/// <summary>The commands against a node of ours on loopback.</summary>
public sealed class DhtCommandTests : IAsyncLifetime
{
    private const uint Network = 40_077;

    private DhtNode? _node;

    private string Server => _node!.LocalEndPoints[0].ToString();

    public async ValueTask InitializeAsync() => _node = await DhtNode.StartAsync(
        new DhtNodeOptions { Port = 0, Addresses = [IPAddress.Loopback], Bootstrap = [], Network = Network }, UdpNetwork.Instance, TimeProvider.System);

    public ValueTask DisposeAsync() => _node!.DisposeAsync();

    [Theory] // The public bootstrap host is a node of network 0 only.
    [InlineData("", 1)]
    [InlineData("--network 77", 0)]
    [InlineData("--network 77 --bootstrap one,two", 2)]
    [InlineData("--bootstrap none", 0)]
    public void A_network_of_ones_own_begins_with_nobody(string line, int hosts)
    {
        DhtOptions options = new(isLooking: false);
        Command command = new("dht");
        options.AddTo(command);
        Assert.Equal(hosts, options.Read(command.Parse(line)).Bootstrap.Count);
    }

    [Fact]
    public async Task A_ping_is_answered()
    {
        (string text, _) = await RunAsync(["ping", Server, "--network", $"{Network}"]);
        Assert.StartsWith($"{Server}: node {_node!.Id}, ", text, StringComparison.Ordinal);
        Assert.EndsWith("sees us as 127.0.0.1", text.TrimEnd(), StringComparison.Ordinal);
        (string json, _) = await RunAsync(["ping", Server, "--network", $"{Network}", "--json"]);
        Assert.Equal(_node.Id.ToString(), JsonDocument.Parse(json).RootElement.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Values_are_shown_and_what_strangers_wrote_cannot_steer_the_terminal()
    {
        InfoHash key = InfoHash.OfText("some text");
        using DhtPut put = _node!.Put(key, new DhtValue { Id = 7, Data = Encoding.UTF8.GetBytes("\e[2Jhi\n\u202e"), UserType = "text/\u0007" });
        using DhtPut bytes = _node.Put(key, new DhtValue { Id = 8, Data = new byte[100] });
        (string text, string notes) = await RunAsync(["get", "some text", .. Looking()]);
        Assert.Contains("value 0000000000000007, not signed, ", text, StringComparison.Ordinal);
        Assert.Contains("\"\\u001b[2Jhi\\u000a\\u202e\"", text, StringComparison.Ordinal);
        Assert.Contains("text/\\u0007", text, StringComparison.Ordinal);
        Assert.Contains(new string('0', 96) + "…", text, StringComparison.Ordinal);
        Assert.Empty(notes);
        (string json, _) = await RunAsync(["get", key.ToString(), "--json", .. Looking()]);
        JsonElement[] lines = [.. json.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(2, lines.Length);
        JsonElement first = lines.Single(static line => line.GetProperty("id").GetUInt64() == 7);
        Assert.Equal("none", first.GetProperty("signature").GetString());
        Assert.Equal("\e[2Jhi\n\u202e", first.GetProperty("text").GetString());
    }

    [Fact]
    public async Task An_empty_key_is_no_failure_and_silence_is_one()
    {
        (string text, string notes) = await RunAsync(["get", "nothing here", .. Looking()]);
        Assert.Empty(text);
        Assert.Contains("There is no value", notes, StringComparison.Ordinal);
        using Socket silent = new(SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(
            () => RunAsync(["get", "key", "--bind", "127.0.0.1", "--state", "none", "--bootstrap", silent.LocalEndPoint!.ToString()!, "--timeout", "1"]));
        Assert.Equal(ExitCodes.Of(PlexusStage.Rendezvous), ExitCodes.Of(e.Stage));
    }

    [Fact]
    public async Task Listening_shows_what_comes_until_it_is_stopped()
    {
        using CancellationTokenSource stop = new();
        SharedWriter output = new();
        Task<int> listening = DhtCommand.Create().Parse(["listen", "news", .. Looking()])
            .InvokeAsync(new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false }, stop.Token);
        using DhtPut put = _node!.Put(InfoHash.OfText("news"), new DhtValue { Id = 1, Data = "hello"u8.ToArray() });
        await output.SaysAsync("\"hello\"");
        await stop.CancelAsync();
        Assert.Equal(0, await listening);
    }

    [Fact]
    public async Task The_node_runs_until_it_is_stopped()
    {
        using CancellationTokenSource stop = new();
        SharedWriter output = new();
        Task<int> running = DhtCommand.Create().Parse(["--port", "0", .. Looking()])
            .InvokeAsync(new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false }, stop.Token);
        await output.SaysAsync("IPv4: connected, 1 nodes");
        await stop.CancelAsync();
        Assert.Equal(0, await running);
    }

    [Theory]
    [InlineData("--port 65536", "--port: '65536' is not allowed; allowed is 0 to 65535.")]
    [InlineData("--port -1", "--port: '-1' is not allowed; allowed is 0 to 65535.")]
    [InlineData("--network 4294967296", "--network: '4294967296' is not allowed; allowed is 0 to 4294967295.")]
    [InlineData("--bind nowhere", "--bind: 'nowhere' is no address.")]
    [InlineData("--bind 1.2.3.4,5.6.7.8", "--bind: one address of each family is allowed.")]
    [InlineData("--bootstrap ,", "--bootstrap needs a host; 'none' begins a network of its own.")]
    [InlineData("--bootstrap a:b", "--bootstrap: 'a:b' is no host[:port].")]
    [InlineData("ping a:0", "'a:0' is no host[:port].")]
    [InlineData("get key --timeout x", "--timeout: 'x' is not allowed; allowed is 0 to 3600.")]
    public void Wrong_options_are_told(string arguments, string message) =>
        Assert.Equal(message, Assert.Single(DhtCommand.Create().Parse(arguments).Errors).Message);

    private static async Task<(string Output, string Notes)> RunAsync(string[] arguments)
    {
        StringWriter output = new(), notes = new();
        int code = await DhtCommand.Create().Parse(arguments).InvokeAsync(
            new InvocationConfiguration { Output = output, Error = notes, EnableDefaultExceptionHandler = false });
        Assert.Equal(0, code);
        return (output.ToString(), notes.ToString());
    }

    private string[] Looking() => ["--bind", "127.0.0.1", "--bootstrap", Server, "--network", $"{Network}", "--state", "none"];

    /// <summary>A writer that one thread writes while another reads.</summary>
    private sealed class SharedWriter : StringWriter
    {
        private readonly Lock _lock = new();

        public override void Write(char value)
        {
            lock (_lock) base.Write(value);
        }

        public override void Write(char[] buffer, int index, int count)
        {
            lock (_lock) base.Write(buffer, index, count);
        }

        public override void Write(string? value)
        {
            lock (_lock) base.Write(value);
        }

        public override string ToString()
        {
            lock (_lock) return base.ToString();
        }

        public async Task SaysAsync(string text)
        {
            for (int i = 0; i < 1000 && !ToString().Contains(text, StringComparison.Ordinal); i++) await Task.Delay(20);
            Assert.Contains(text, ToString(), StringComparison.Ordinal);
        }
    }
}
