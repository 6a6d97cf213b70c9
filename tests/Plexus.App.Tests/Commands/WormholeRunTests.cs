using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Plexus.App.Commands;
using Plexus.App.Settings;

namespace Plexus.App.Tests.Commands;

/// <summary>Two runs of the stand-alone tunnel on loopback, inside the test.</summary>
public sealed partial class WormholeRunTests
{
    private const string Loopback = "127.0.0.1:";

    [Theory]
    [InlineData(null)]
    [InlineData("1234567890")]
    public async Task Two_of_them_carry_a_service_and_stop_when_asked(string? secret)
    {
        using TcpListener service = new(IPAddress.Loopback, 0);
        service.Start();
        (int one, int other) = FreePorts();
        using Side exporter = new("export", ((IPEndPoint)service.LocalEndpoint).Port, one, other, secret);
        using Side importer = new("import", 0, other, one, secret);
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, await importer.PortAsync());
        using TcpClient server = await service.AcceptTcpClientAsync();

        byte[] sent = new byte[3_000_000];
        Random.Shared.NextBytes(sent);
        Task sending = client.GetStream().WriteAsync(sent).AsTask();
        byte[] got = new byte[sent.Length];
        await server.GetStream().ReadExactlyAsync(got);
        await sending;
        Assert.Equal(sent, got);
        await server.GetStream().WriteAsync("answer"u8.ToArray());
        server.Close();
        byte[] answer = new byte[16];
        Assert.Equal(6, await client.GetStream().ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false));

        importer.Stop();
        Assert.Equal(0, await importer.Run);
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => exporter.Run);
        Assert.Equal(PlexusStage.Payload, e.Stage);
        Assert.Equal($"The tunnel with {Loopback}{other} has ended: The peer has closed it. Start both sides again; through a NAT they need a new passage.", e.Message);
    }

    [Fact]
    public async Task Nobody_on_the_other_side_is_a_failure_with_a_sentence()
    {
        (int one, int other) = FreePorts();
        using Side exporter = new("export", 9, one, other, secret: null, ("TUBUS_ACCEPT_TIMEOUT", "1"));
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => exporter.Run);
        Assert.Equal(PlexusStage.Payload, e.Stage);
        Assert.StartsWith($"No tunnel with {Loopback}{other} within 1 s: No peer came in time. ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_its_option()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        (int one, int other) = FreePorts();
        using Side importer = new("import", port, one, other, secret: null);
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => importer.Run);
        Assert.Equal($"--service: {Loopback}{port} cannot be used for local clients: another program uses it.", e.Message);

        using UdpClient bound = new(new IPEndPoint(IPAddress.Loopback, 0));
        int gateway = ((IPEndPoint)bound.Client.LocalEndPoint!).Port;
        using Side exporter = new("export", port, gateway, other, secret: null);
        e = await Assert.ThrowsAsync<PlexusException>(() => exporter.Run);
        Assert.Equal($"--gateway: {Loopback}{gateway} cannot be bound: another program uses it.", e.Message);
    }

    [Fact]
    public async Task A_secret_on_the_command_line_is_warned_about_and_never_logged()
    {
        (int one, int other) = FreePorts();
        using Side exporter = new("export", 9, one, other, secret: null, onShow: "4711471147114711");
        Assert.Contains(exporter.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("WORMHOLE_SECRET", StringComparison.Ordinal));
        Assert.DoesNotContain(exporter.Log.Lines, line => line.Contains("4711471147114711", StringComparison.Ordinal));
        exporter.Stop();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exporter.Run);
    }

    /// <summary>Two UDP ports that are free for the moment.</summary>
    private static (int One, int Other) FreePorts()
    {
        using UdpClient one = new(new IPEndPoint(IPAddress.Loopback, 0));
        using UdpClient other = new(new IPEndPoint(IPAddress.Loopback, 0));
        return (((IPEndPoint)one.Client.LocalEndPoint!).Port, ((IPEndPoint)other.Client.LocalEndPoint!).Port);
    }

    private sealed partial class Side : IDisposable
    {
        private readonly Interrupts _interrupts = new();

        public Side(string purpose, int service, int gateway, int faraway, string? secret, (string Name, string Value)? variable = null, string? onShow = null)
        {
            string[] line =
            [
                $"--purpose={purpose}", $"--service={Loopback}{service}", $"--gateway={Loopback}{gateway}", $"--faraway={Loopback}{faraway}",
                .. onShow is null ? (string[])[] : [$"--obscure={onShow}"],
            ];
            WormholeSettings settings = WormholeSettingsReader.Read(
                ClassicCommandLine.Read(line, WormholeOptions.All, ProgramName.Wormhole),
                name => name == WormholeSettingsReader.SecretVariable ? secret : name == variable?.Name ? variable?.Value : null);
            Run = new WormholeRun(settings, _interrupts, Log, TimeProvider.System).RunAsync();
        }

        public RecordingLogger Log { get; } = new();

        public Task<int> Run { get; }

        public void Stop() => _interrupts.Request();

        /// <summary>The port for clients, when the tunnel is open.</summary>
        public async Task<int> PortAsync()
        {
            while (true)
            {
                Match? found = Log.Lines.Select(line => Port().Match(line)).FirstOrDefault(match => match.Success);
                if (found is not null) return int.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture);
                Assert.False(Run.IsCompleted, Run.Exception?.ToString());
                await Task.Delay(10);
            }
        }

        public void Dispose()
        {
            Stop();
            Run.ContinueWith(static run => run.Exception, TaskScheduler.Default).Wait(TimeSpan.FromSeconds(5));
            _interrupts.Dispose();
        }

        [GeneratedRegex(@"its service is at 127\.0\.0\.1:(\d+)")]
        private static partial Regex Port();
    }
}
