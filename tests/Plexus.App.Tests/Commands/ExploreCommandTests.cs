using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Plexus.App.Commands;
using Plexus.Exploration;
using Plexus.Sockets;

namespace Plexus.App.Tests.Commands;

public sealed class ExploreCommandTests : IAsyncLifetime
{
    private const int MostAttempts = 10;

    private readonly CancellationTokenSource _stop = new();
    private StunHost? _host;
    private Task _serving = Task.CompletedTask;

    private string Server => _host!.Servers[0].Sockets[0].ToString();

    public ValueTask InitializeAsync()
    {
        for (int attempt = 1; _host is null; attempt++)
        {
            try
            {
                _host = StunHost.Open([IPAddress.Loopback], FreePort.Take(), FreePort.Take(), UdpNetwork.Instance, TimeProvider.System);
            }
            catch (PlexusException) when (attempt < MostAttempts)
            {
                // A port that is free for UDP may be a TCP connection's of another test.
            }
        }

        _serving = _host.RunAsync(_stop.Token);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        await _host!.DisposeAsync();
        _stop.Dispose();
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    public async Task JSON_tells_all_in_the_words_of_RFC_4787(string protocol)
    {
        string text = await RunAsync(["--stun-server", Server, "--bind", "127.0.0.1", "--json", .. protocol == "tcp" ? ["--tcp"] : Array.Empty<string>()]);
        JsonElement json = JsonDocument.Parse(text).RootElement;
        Assert.Equal(protocol, json.GetProperty("protocol").GetString());
        Assert.Equal(json.GetProperty("inner").GetString(), json.GetProperty("outer").GetString());
        Assert.False(json.GetProperty("behindNat").GetBoolean());
        Assert.Equal("unknown", json.GetProperty("mapping").GetString()); // One address: nothing to compare with.
        Assert.Equal(8, json.GetProperty("bits").GetString()!.Length);
        Assert.Equal(Server, json.GetProperty("servers")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task The_text_ends_with_what_it_means()
    {
        string text = await RunAsync(["--stun-server", Server, "--bind", "127.0.0.1:0"]);
        Assert.Contains("Behind a NAT    no, port preserved", text, StringComparison.Ordinal);
        Assert.Contains("Firewall bits   01000011", text, StringComparison.Ordinal);
        Assert.EndsWith("another port.", text.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_server_at_all_is_a_failed_exploration()
    {
        using Socket closed = new(SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(
            () => RunAsync(["--stun-server", closed.LocalEndPoint!.ToString()!, "--bind", "127.0.0.1", "--tcp"]));
        Assert.Equal(PlexusStage.Exploration, e.Stage);
    }

    [Fact]
    public void A_wrong_bind_is_told() =>
        Assert.Equal(
            "'host:5' is no local endpoint: write ip, ip:port or [ip]:port.",
            Assert.Single(ExploreCommand.Create().Parse("--bind host:5").Errors).Message);

    [Theory]
    [InlineData("--bind nowhere", "'nowhere' is no address.")]
    [InlineData("--bind ,", "--bind needs an address.")]
    [InlineData("--port 0", "--port must be 1 to 65535.")]
    [InlineData("--alt-port 65536", "--alt-port must be 1 to 65535.")]
    public void Wrong_options_of_the_server_are_told(string arguments, string message) =>
        Assert.Equal(message, Assert.Single(StunCommand.Create().Parse(arguments).Errors).Message);

    [Fact]
    public async Task The_server_command_serves_until_it_is_stopped()
    {
        using Socket probe = new(SocketType.Dgram, ProtocolType.Udp);
        probe.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.1"), 0));
        int port = ((IPEndPoint)probe.LocalEndPoint!).Port;
        probe.Dispose();
        await using StringWriter output = new();
        using CancellationTokenSource stop = new();
        ParseResult parsed = StunCommand.Create().Parse($"--bind 127.0.0.1 --port {port} --alt-port {(port == 65535 ? 65534 : port + 1)}");
        Task<int> serving = parsed.InvokeAsync(new() { Output = output, EnableDefaultExceptionHandler = false }, stop.Token);
        string text = await RunAsync(["--stun-server", $"127.0.0.1:{port}", "--bind", "127.0.0.1", "--json"]);
        Assert.Contains("\"servers\"", text, StringComparison.Ordinal);
        await stop.CancelAsync();
        Assert.Equal(0, await serving);
        Assert.Contains("Answered 1 requests, dropped 0 datagrams.", output.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string[] arguments)
    {
        await using StringWriter output = new();
        ParseResult parsed = ExploreCommand.Create().Parse(arguments);
        Assert.Empty(parsed.Errors);
        Assert.Equal(0, await parsed.InvokeAsync(new() { Output = output, EnableDefaultExceptionHandler = false }));
        return output.ToString();
    }
}
