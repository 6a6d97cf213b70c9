using System.Net;
using System.Net.Sockets;

namespace Plexus.Tests.Tunnels;

/// <summary>Tunnels over loopback, in both framings.</summary>
public sealed class TunnelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_echo_comes_back(bool isClassic)
    {
        using Service echo = Service.Echo();
        await using TunnelPair pair = await TunnelPair.OpenAsync(isClassic, [$"{echo.EndPoint}"]);
        using Socket client = await Wire.ConnectAsync(pair.Port);
        byte[] data = Wire.Bytes(5_000_000);
        Task sending = Wire.SendAllAsync(client, data);
        byte[] back = new byte[data.Length];
        for (int at = 0; at < back.Length;) at += await client.ReceiveAsync(back.AsMemory(at));
        await sending;
        Assert.Equal(data, back);
        Assert.Equal((1, data.Length), (pair.Exporter.Report.Connections, pair.Exporter.Report.BytesSent));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_server_that_closes_after_its_last_byte_is_heard_to_the_end(bool isClassic, bool isSlow)
    {
        byte[] data = Wire.Bytes(20_000_000);
        using Service server = Service.Sender(data);
        await using TunnelPair pair = await TunnelPair.OpenAsync(isClassic, [$"{server.EndPoint}"]);
        using Socket client = await Wire.ConnectAsync(pair.Port);
        byte[] got = await Wire.ReadAllAsync(client, isSlow ? 100_000 : 1 << 16, isSlow ? static () => Task.Delay(1) : null).WaitAsync(Patience);
        Assert.Equal(data.Length, got.Length);
        Assert.Equal(data, got);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_upload_whose_client_closes_arrives_whole(bool isClassic)
    {
        TaskCompletionSource<byte[]> uploaded = new();
        using Service server = new(async socket => uploaded.SetResult(await Wire.ReadAllAsync(socket)));
        await using TunnelPair pair = await TunnelPair.OpenAsync(
            isClassic, [$"{server.EndPoint}"], with: options => options with { HalfCloseQuiet = TimeSpan.FromMilliseconds(50) });
        byte[] data = Wire.Bytes(20_000_000);
        using (Socket client = await Wire.ConnectAsync(pair.Port)) await Wire.SendAllAsync(client, data);
        Assert.Equal(data, await uploaded.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_half_closed_connection_gets_its_answer()
    {
        using Service server = new(async socket =>
        {
            byte[] request = await Wire.ReadAllAsync(socket); // It answers to the end only.
            await Wire.SendAllAsync(socket, request.Reverse().ToArray());
        });
        await using TunnelPair pair = await TunnelPair.OpenAsync(false, [$"{server.EndPoint}"]);
        using Socket client = await Wire.ConnectAsync(pair.Port);
        byte[] request = Wire.Bytes(1_000_000);
        await Wire.SendAllAsync(client, request);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(request.Reverse(), await Wire.ReadAllAsync(client).WaitAsync(Patience));
    }

    [Fact] // protocols/wormhole.md section 7: the original loses the whole answer.
    public async Task A_client_of_the_classic_framing_may_end_first()
    {
        byte[] answer = Wire.Bytes(3_000_000);
        using Service server = new(async socket =>
        {
            for (int got = 0; got < 1000;) got += await socket.ReceiveAsync(new byte[1000]);
            await Wire.SendAllAsync(socket, answer);
        });
        await using TunnelPair pair = await TunnelPair.OpenAsync(true, [$"{server.EndPoint}"]);
        using Socket client = await Wire.ConnectAsync(pair.Port);
        await Wire.SendAllAsync(client, new byte[1000]);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(answer, await Wire.ReadAllAsync(client).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_stalled_reader_holds_up_nobody()
    {
        byte[] data = Wire.Bytes(50_000_000);
        using Service server = Service.Sender(data), echo = Service.Echo();
        await using TunnelPair pair = await TunnelPair.OpenAsync(false, [$"bulk={server.EndPoint}", $"echo={echo.EndPoint}"], ["bulk=127.0.0.1:0", "echo=127.0.0.1:0"]);
        using Socket stalled = await Wire.ConnectAsync(pair.Ports[0]), client = await Wire.ConnectAsync(pair.Ports[1]);
        await UntilAsync(() => pair.Importer.Report.BytesReceived > 0);
        for (int i = 0; i < 20; i++) await EchoAsync(client, Wire.Bytes(100_000, i));
        long taken = pair.Importer.Report.BytesReceived;
        // What the system's sockets take besides the window.
        Assert.InRange(taken, 1, 30_000_000);
        Assert.Equal(data, await Wire.ReadAllAsync(stalled).WaitAsync(Patience));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Five_hundred_connections_are_opened_used_and_closed(bool isClassic)
    {
        using Service echo = Service.Echo();
        await using TunnelPair pair = await TunnelPair.OpenAsync(isClassic, [$"{echo.EndPoint}"]);
        Socket[] clients = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => Wire.ConnectAsync(pair.Port)));
        await Task.WhenAll(clients.Select((client, i) => EchoAsync(client, Wire.Bytes(1000 + i, i)))).WaitAsync(Patience);
        Assert.Equal(500, pair.Exporter.Report.Connections);
        foreach (Socket client in clients) client.Shutdown(SocketShutdown.Send);
        if (!isClassic) await Task.WhenAll(clients.Select(client => Wire.ReadAllAsync(client))).WaitAsync(Patience);
        foreach (Socket client in clients) client.Dispose();
        if (!isClassic) await UntilAsync(() => pair.Importer.Report.Connections + pair.Exporter.Report.Connections == 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_service_that_is_down_resets_its_clients_and_is_served_when_it_is_up(bool isClassic)
    {
        int port;
        using (Service gone = Service.Echo()) port = gone.EndPoint.Port;
        RecordingLoggerFactory log = new();
        await using TunnelPair pair = await TunnelPair.OpenAsync(isClassic, [$"127.0.0.1:{port}"], log: log);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(SocketError.ConnectionReset, await ResetAsync(pair.Port));
        }

        Assert.Single(Lines(log), line => line.Contains("cannot be reached: the service cannot be reached: connection refused", StringComparison.Ordinal));
        await UntilAsync(() => Lines(log).Count(line => line.StartsWith("Warning No connection for 127.0.0.1:", StringComparison.Ordinal)) == 3);
        using Service echo = Service.Echo(port);
        using Socket late = await Wire.ConnectAsync(pair.Port);
        await EchoAsync(late, Wire.Bytes(1000)).WaitAsync(Patience);
        Assert.Contains(Lines(log), line => line.Contains("is reached again", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_of_one_side_is_a_reset_or_an_end_on_the_other(bool isClassic)
    {
        TaskCompletionSource<SocketError> seen = new();
        using Service server = new(async socket =>
        {
            try
            {
                await Wire.SendAllAsync(socket, new byte[1]);
                await Wire.ReadAllAsync(socket);
                seen.SetResult(SocketError.Success);
            }
            catch (SocketException e)
            {
                seen.SetResult(e.SocketErrorCode);
            }
        });
        await using TunnelPair pair = await TunnelPair.OpenAsync(isClassic, [$"{server.EndPoint}"]);
        Socket client = await Wire.ConnectAsync(pair.Port);
        await client.ReceiveAsync(new byte[1]);
        client.LingerState = new LingerOption(true, 0);
        client.Dispose();
        Assert.Equal(isClassic ? SocketError.Success : SocketError.ConnectionReset, await seen.Task.WaitAsync(Patience));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lost_carrier_resets_what_was_not_complete_and_says_so(bool isClassic)
    {
        using Service endless = new(async socket =>
        {
            while (true) await Wire.SendAllAsync(socket, new byte[1000]);
        });
        (Stream One, Stream Other) carrier = await Wire.PairAsync();
        await using TunnelPair pair = await TunnelPair.OpenAsync(isClassic, [$"{endless.EndPoint}"], carrier: carrier);
        using Socket client = await Wire.ConnectAsync(pair.Port);
        await client.ReceiveAsync(new byte[1000]);
        await carrier.Other.DisposeAsync();
        await Assert.ThrowsAsync<SocketException>(() => Wire.ReadAllAsync(client)).WaitAsync(Patience);
        PlexusException end = await Assert.ThrowsAsync<PlexusException>(() => pair.Importer.Completed).WaitAsync(Patience);
        Assert.Equal(PlexusStage.Payload, end.Stage);
        Assert.StartsWith("The tunnel has ended: ", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Services_have_names_and_a_wrong_one_is_told_on_both_sides()
    {
        using Service one = Service.Sender("one"u8.ToArray()), two = Service.Sender("two"u8.ToArray());
        RecordingLoggerFactory log = new();
        await using TunnelPair pair = await TunnelPair.OpenAsync(
            false, [$"one={one.EndPoint}", $"two={two.EndPoint}"], ["two=127.0.0.1:0", "three=127.0.0.1:0", "127.0.0.1:0"], log: log);
        Assert.Contains(Lines(log), line => line == "Warning The peer exports no 'three'; it exports 'one', 'two'");
        using Socket client = await Wire.ConnectAsync(pair.Ports[0]);
        Assert.Equal("two"u8.ToArray(), await Wire.ReadAllAsync(client).WaitAsync(Patience));
        Assert.Equal(SocketError.ConnectionReset, await ResetAsync(pair.Ports[1]));
        Assert.Equal(SocketError.ConnectionReset, await ResetAsync(pair.Ports[2]));
        Assert.Contains(Lines(log), line => line.Contains("The peer wants 'three', which is not exported", StringComparison.Ordinal));
        await UntilAsync(() => Lines(log).Any(line => line.EndsWith("to 'three': the peer exports no such service", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task More_clients_than_allowed_wait_for_a_place()
    {
        using Service echo = Service.Echo();
        RecordingLoggerFactory log = new();
        await using TunnelPair pair = await TunnelPair.OpenAsync(false, [$"{echo.EndPoint}"], with: options => options with { MaximumConnections = 2 }, log: log);
        Socket[] first = [await Wire.ConnectAsync(pair.Port), await Wire.ConnectAsync(pair.Port)];
        foreach (Socket client in first) await EchoAsync(client, Wire.Bytes(10));
        using Socket late = await Wire.ConnectAsync(pair.Port);
        Task echoing = EchoAsync(late, Wire.Bytes(10));
        await UntilAsync(() => Lines(log).Any(line => line.Contains("new clients wait", StringComparison.Ordinal)));
        Assert.False(echoing.IsCompleted);
        foreach (Socket client in first) client.Dispose();
        await echoing.WaitAsync(Patience);
    }

    [Fact]
    public async Task Disposing_ends_both_sides_and_is_no_failure_here()
    {
        using Service echo = Service.Echo();
        await using TunnelPair pair = await TunnelPair.OpenAsync(false, [$"{echo.EndPoint}"]);
        using Socket client = await Wire.ConnectAsync(pair.Port);
        await EchoAsync(client, Wire.Bytes(10));
        await pair.Importer.DisposeAsync();
        await pair.Importer.Completed;
        await Assert.ThrowsAsync<SocketException>(() => Wire.ReadAllAsync(client)).WaitAsync(Patience);
        await Assert.ThrowsAsync<PlexusException>(() => pair.Exporter.Completed).WaitAsync(Patience);
    }

    // The reset may come while the client still connects.
    private static async Task<SocketError> ResetAsync(IPEndPoint port) => (await Assert.ThrowsAsync<SocketException>(async () =>
    {
        using Socket client = await Wire.ConnectAsync(port);
        await Wire.ReadAllAsync(client);
    }).WaitAsync(Patience)).SocketErrorCode;

    internal static async Task EchoAsync(Socket client, byte[] data)
    {
        Task sending = Wire.SendAllAsync(client, data);
        byte[] back = new byte[data.Length];
        for (int at = 0; at < back.Length;)
        {
            int count = await client.ReceiveAsync(back.AsMemory(at));
            Assert.NotEqual(0, count);
            at += count;
        }

        await sending;
        Assert.Equal(data, back);
    }

    private static List<string> Lines(RecordingLoggerFactory log) => [.. log.Lines.Select(line => $"{line.Level} {line.Text}")];

    // What other threads bring about has no event to wait for.
    internal static async Task UntilAsync(Func<bool> reached)
    {
        using CancellationTokenSource limit = new(Patience);
        while (!reached()) await Task.Delay(5, limit.Token);
    }
}
