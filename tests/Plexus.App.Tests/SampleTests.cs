using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Plexus.Dht;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Sockets;

namespace Plexus.App.Tests;

/// <summary>The sample program as two processes on loopback, around a DHT node and a STUN server of the test's.</summary>
public sealed class SampleTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Process> _started = [];
    private DhtNode? _node;
    private StunHost? _stun;
    private int _stunPort;

    public async ValueTask InitializeAsync()
    {
        _node = await DhtNode.StartAsync(
            new DhtNodeOptions { Port = 0, Addresses = [IPAddress.Loopback], Bootstrap = [] }, UdpNetwork.Instance, TimeProvider.System);
        _stun = StunHost.Open([IPAddress.Loopback], _stunPort = FreePort.Take(), null, UdpNetwork.Instance, TimeProvider.System, withTcp: false);
        _ = _stun.RunAsync(_stop.Token);
        IdentityRepository home = new(_folder["home"]), away = new(_folder["away"]);
        Identity me = home.Create(IdentityName.Parse("bob/home"), 2048), other = away.Create(IdentityName.Parse("bob/laptop"), 2048);
        away.Import(me.Name, Encoding.ASCII.GetBytes(home.Export(me.Name)));
        home.Import(other.Name, Encoding.ASCII.GetBytes(away.Export(other.Name)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process process in _started)
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
        }

        _stop.Cancel();
        if (_stun is not null) await _stun.DisposeAsync();
        if (_node is not null) await _node.DisposeAsync();
        _stop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_goes_in_on_one_side_comes_out_on_the_other()
    {
        byte[] there = RandomNumberGenerator.GetBytes(5_000_001), back = RandomNumberGenerator.GetBytes(70_000);
        Process accepting = Start("home", "bob/home", "bob/laptop", "--accept");
        Process inviting = Start("away", "bob/laptop", "bob/home");
        Task<byte[]> atHome = ReadAsync(accepting), away = ReadAsync(inviting);
        await Task.WhenAll(WriteAsync(accepting, back), WriteAsync(inviting, there));
        Assert.Equal(there, await atHome);
        Assert.Equal(back, await away);
        foreach (Process process in _started)
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
            Assert.Equal(0, process.ExitCode);
            Assert.StartsWith("connected to bob/", await process.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Who_is_unknown_is_told_in_one_sentence()
    {
        Process process = Start("home", "bob/home", "bob/stranger");
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("bob/stranger", await process.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private static async Task WriteAsync(Process process, byte[] bytes)
    {
        await process.StandardInput.BaseStream.WriteAsync(bytes);
        process.StandardInput.Close();
    }

    private static async Task<byte[]> ReadAsync(Process process)
    {
        using MemoryStream output = new();
        await process.StandardOutput.BaseStream.CopyToAsync(output).WaitAsync(Patience);
        return output.ToArray();
    }

    private Process Start(string repository, params string[] line)
    {
        string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "stream-sample.exe" : "stream-sample");
        ProcessStartInfo start = new(program, [_folder[repository], .. line, $"--dht={_node!.LocalEndPoints[0]}", $"--stun=127.0.0.1:{_stunPort}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = Process.Start(start)!;
        _started.Add(process);
        return process;
    }
}
