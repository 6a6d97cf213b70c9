using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Plexus.App.Tests;

/// <summary>The classic program as processes of their own, on loopback, around a DHT node and a STUN server of the test's.</summary>
public sealed class ClassicProcessTests : IAsyncLifetime
{
    private const uint Network = 40_078;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private LoopbackMeeting? _meeting;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "these tests start sh and send signals");
        _meeting = await LoopbackMeeting.OpenAsync(("acceptor", "me@example.com/home"), ("inviter", "me@example.com/away"), Network);
    }

    public async ValueTask DisposeAsync()
    {
        if (_meeting is not null) await _meeting.DisposeAsync();
    }

    [Fact]
    public async Task Both_commands_start_with_one_secret_and_each_others_ports_and_a_signal_stops_the_acceptor()
    {
        Process acceptor = Start("acceptor", "home", "--accept", "--exec-args", "-c 'echo $PLEXUS_SECRET $PLEXUS_INNER_PORT $PLEXUS_PEER_PORT'", $"--exec-log={_meeting!.Folder["home.out"]}");
        await WaitForAsync(acceptor, "Waiting for invitations");
        for (int run = 1; run <= 2; run++) // It serves on.
        {
            Process inviter = Start("inviter", "away", "--peer-info=me@example.com/home", "--exec-args", "-c 'echo $PLEXUS_SECRET $PLEXUS_PEER_PORT $PLEXUS_INNER_PORT'", $"--exec-log={_meeting!.Folder["away.out"]}", "--exec-wait");
            Task<string> log = inviter.StandardOutput.ReadToEndAsync();
            Assert.Equal((0, ""), (await ExitAsync(inviter), await inviter.StandardError.ReadToEndAsync()));
            await WaitForAsync(acceptor, "ended with status 0");
            string[] home = await File.ReadAllLinesAsync(_meeting!.Folder["home.out"]);
            Assert.Equal(run, home.Length);
            Assert.Equal(home, await File.ReadAllLinesAsync(_meeting!.Folder["away.out"]));
            Assert.DoesNotContain(home[^1].Split(' ')[0], await log, StringComparison.Ordinal); // The secret.
        }

        Signal(acceptor, "TERM");
        Assert.Equal(0, await ExitAsync(acceptor));
    }

    [Fact]
    public async Task A_tunnel_leads_to_the_service_until_the_inviter_is_stopped_and_again_for_the_next_one()
    {
        using TcpListener service = Echo();
        Process acceptor = Start("acceptor", "home", "--accept", $"--export=echo={service.LocalEndpoint}");
        await WaitForAsync(acceptor, "Waiting for invitations");
        for (int run = 1; run <= 2; run++)
        {
            int port = FreePort.Take(SocketType.Stream);
            Process inviter = Start("inviter", "away", "--peer-info=me@example.com/home", $"--import=echo={port}", "--status");
            await WaitForAsync(inviter, "The tunnel is open: imports echo=127.0.0.1:");
            await EchoAsync(port);
            Signal(inviter, "INT");
            Assert.Equal(ExitCodes.Interrupted, await ExitAsync(inviter));
            await WaitForAsync(acceptor, "The passage to me@example.com/away is not served any more: The tunnel has ended: ");
        }

        Signal(acceptor, "TERM");
        Assert.Equal(0, await ExitAsync(acceptor));
    }

    [Fact]
    public async Task An_inviter_whose_peer_ends_the_tunnel_fails_with_a_sentence()
    {
        using TcpListener service = Echo();
        Process acceptor = Start("acceptor", "home", "--accept", $"--export={service.LocalEndpoint}");
        await WaitForAsync(acceptor, "Waiting for invitations");
        int port = FreePort.Take(SocketType.Stream);
        Process inviter = Start("inviter", "away", "--peer-info=me@example.com/home", $"--import={port}");
        await WaitForAsync(inviter, "The tunnel is open");
        await EchoAsync(port);
        Signal(acceptor, "TERM");
        Assert.Equal(0, await ExitAsync(acceptor));
        Assert.Equal(7, await ExitAsync(inviter));
        Assert.StartsWith("plexus: The tunnel has ended: ", await inviter.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_local_port_that_is_taken_is_told_before_any_work_begins()
    {
        using TcpListener taken = Echo();
        Process inviter = Start("inviter", "away", "--peer-info=me@example.com/home", $"--import={taken.LocalEndpoint}");
        Assert.Equal(2, await ExitAsync(inviter));
        Assert.Contains($"{taken.LocalEndpoint} cannot be used for local clients: another program uses it", await inviter.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_inviter_that_nobody_answers_tells_the_stage_and_can_be_interrupted()
    {
        Process alone = Start("inviter", "away", "--peer-info=me@example.com/home", "--log-level=info");
        await WaitForAsync(alone, "Our endpoint is 127.0.0.1:");
        Signal(alone, "INT");
        Assert.Equal(ExitCodes.Interrupted, await ExitAsync(alone));
        Process impatient = Start("inviter", "away", "--peer-info=me@example.com/home", $"--log-file={_meeting!.Folder["log-%p"]}");
        Assert.Equal(5, await ExitAsync(impatient));
        Assert.StartsWith("plexus: ", await impatient.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Contains(" ERROR: ", await File.ReadAllTextAsync(_meeting!.Folder[$"log-{impatient.Id}"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("absent", "me@example.com/home", "There is no repository")]
    [InlineData("inviter", "me@example.com/stranger", "cert.crt")]
    public async Task Who_is_unknown_is_told_at_once(string repository, string peer, string reason)
    {
        Process process = Start(repository, "away", $"--peer-info={peer}");
        Assert.Equal(3, await ExitAsync(process));
        Assert.Contains(reason, await process.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private Process Start(string repository, string pin, params string[] more)
    {
        string[] line =
        [
            "--app-id=test", $"--app-repo={_meeting!.Folder[repository]}", $"--host-info=me@example.com/{pin}",
            .. more.Any(IsService) ? Array.Empty<string>() : ["--exec-command=sh"],
            $"--dht-bootstrap={_meeting.Dht}", $"--dht-network={Network}", "--dht-port=0",
            $"--stun-server={_meeting.Stun}", "--stun-client=127.0.0.1", .. more,
        ];
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "plexus-app"), line) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PLEXUS_RESPONSE_TIMEOUT"] = more.Any(option => option.StartsWith("--log-file", StringComparison.Ordinal)) ? "1000" : "60000";
        return _meeting.Start(start);
    }

    private static bool IsService(string option) =>
        option.StartsWith("--export", StringComparison.Ordinal) || option.StartsWith("--import", StringComparison.Ordinal);

    private static async Task EchoAsync(int port)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port);
        NetworkStream stream = client.GetStream();
        byte[] sent = Encoding.ASCII.GetBytes("hello"), back = new byte[5];
        await stream.WriteAsync(sent);
        await stream.ReadExactlyAsync(back).AsTask().WaitAsync(Patience);
        Assert.Equal(sent, back);
    }

    private static TcpListener Echo()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        _ = ServeAsync();
        return listener;

        async Task ServeAsync()
        {
            while (await listener.AcceptTcpClientAsync() is { } client) _ = client.GetStream().CopyToAsync(client.GetStream());
        }
    }

    private static async Task WaitForAsync(Process process, string text)
    {
        using CancellationTokenSource limit = new(Patience);
        List<string> lines = [];
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            lines.Add(line);
            if (line.Contains(text, StringComparison.Ordinal)) return;
        }

        Assert.Fail($"The program ended without '{text}': {string.Join('\n', lines)} {await process.StandardError.ReadToEndAsync()}");
    }

    private static async Task<int> ExitAsync(Process process)
    {
        using CancellationTokenSource limit = new(Patience);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    private static void Signal(Process process, string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
