using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Protocols.Wormhole;
using Plexus.Sockets;
using Plexus.Tunnels;

namespace Plexus.Tests.Tunnels;

/// <summary>Ours against a model of the original, in both roles.</summary>
public sealed class OriginalPeerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Many_connections_echo_at_once(bool weImport)
    {
        using Service echo = Service.Echo();
        await using Ends ends = await Ends.OpenAsync(weImport, echo.EndPoint);
        Socket[] clients = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Wire.ConnectAsync(ends.Port)));
        await Task.WhenAll(clients.Select((client, i) => TunnelTests.EchoAsync(client, Wire.Bytes(50_000 + i, i)))).WaitAsync(Patience);
        foreach (Socket client in clients) client.Dispose();
        Assert.Equal(0, ends.Original.Strays);
    }

    /// <summary>With an original's importer the last bytes are in its hands; with ours they are in ours, whoever exports.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Our_importer_cuts_nothing_off_that_an_original_has_sent(bool isSlow)
    {
        byte[] data = Wire.Bytes(20_000_000);
        using Service server = Service.Sender(data);
        await using Ends ends = await Ends.OpenAsync(weImport: true, server.EndPoint);
        using Socket client = await Wire.ConnectAsync(ends.Port);
        byte[] got = await Wire.ReadAllAsync(client, 100_000, isSlow ? static () => Task.Delay(1) : null).WaitAsync(Patience);
        Assert.Equal(data, got);
    }

    [Fact]
    public async Task Our_exporter_delivers_an_upload_whole_though_the_original_closes_behind_it()
    {
        TaskCompletionSource<byte[]> uploaded = new();
        using Service server = new(async socket => uploaded.SetResult(await Wire.ReadAllAsync(socket, 100_000, static () => Task.Delay(1))));
        await using Ends ends = await Ends.OpenAsync(weImport: false, server.EndPoint);
        byte[] data = Wire.Bytes(5_000_000);
        using (Socket client = await Wire.ConnectAsync(ends.Port)) await Wire.SendAllAsync(client, data);
        Assert.Equal(data, await uploaded.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_server_that_an_original_cannot_reach_resets_our_client()
    {
        IPEndPoint nobody;
        using (Service gone = Service.Echo()) nobody = gone.EndPoint;
        await using Ends ends = await Ends.OpenAsync(weImport: true, nobody);
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using Socket client = await Wire.ConnectAsync(ends.Port);
            await Wire.ReadAllAsync(client);
        }).WaitAsync(Patience);
    }

    [Fact]
    public async Task A_server_that_we_cannot_reach_closes_the_originals_client()
    {
        IPEndPoint nobody;
        using (Service gone = Service.Echo()) nobody = gone.EndPoint;
        await using Ends ends = await Ends.OpenAsync(weImport: false, nobody);
        using Socket client = await Wire.ConnectAsync(ends.Port);
        // What its own client sees of a close, an end or a reset, is the original's affair: it must come.
        Exception? seen = await Record.ExceptionAsync(async () => Assert.Empty(await Wire.ReadAllAsync(client).WaitAsync(Patience)));
        Assert.True(seen is null or SocketException, $"{seen}");
    }

    [Fact]
    public async Task Our_frames_are_short_so_that_an_originals_other_connections_wait_little()
    {
        using Service sink = new(socket => Wire.ReadAllAsync(socket));
        await using Ends ends = await Ends.OpenAsync(weImport: true, sink.EndPoint);
        using Socket client = await Wire.ConnectAsync(ends.Port);
        await Wire.SendAllAsync(client, new byte[10_000_000]);
        Assert.InRange(ends.Original.Longest, 1, 16 << 10);
    }

    private sealed class Ends : IAsyncDisposable
    {
        private readonly Socket? _listener;
        private readonly ImportPorts _ports;
        private readonly Tunnel _ours;

        private Ends(OriginalWormhole original, Tunnel ours, ImportPorts ports, Socket? listener) =>
            (Original, _ours, _ports, _listener) = (original, ours, ports, listener);

        public OriginalWormhole Original { get; }

        public IPEndPoint Port => _listener is null ? _ports.Imports[0].LocalEndPoint : (IPEndPoint)_listener.LocalEndPoint!;

        public static async Task<Ends> OpenAsync(bool weImport, IPEndPoint server)
        {
            (Stream one, Stream other) = await Wire.PairAsync();
            TunnelService service = new("", TunnelProtocol.Tcp, new EndpointName("127.0.0.1", weImport ? 0 : server.Port));
            TunnelOptions options = weImport ? new() { Imports = [service] } : new() { Exports = [service] };
            ImportPorts ports = await ImportPorts.BindAsync(options.Imports);
            Socket? listener = weImport ? null : Wire.Listen();
            OriginalWormhole original = weImport ? OriginalWormhole.Exporter(other, server) : OriginalWormhole.Importer(other, listener!);
            Tunnel ours = await Tunnel.OpenAsync(one, TunnelFraming.Classic, options, ports, TimeProvider.System, NullLogger.Instance);
            return new(original, ours, ports, listener);
        }

        public async ValueTask DisposeAsync()
        {
            _listener?.Dispose();
            Original.Dispose();
            await _ours.DisposeAsync();
            _ports.Dispose();
        }
    }
}
