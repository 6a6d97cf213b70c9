using System.Diagnostics;
using System.Security.Cryptography;

namespace Plexus.App.Tests;

/// <summary>The sample program as two processes on loopback, around a DHT node and a STUN server of the test's.</summary>
public sealed class SampleTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private LoopbackMeeting? _meeting;

    public async ValueTask InitializeAsync() => _meeting = await LoopbackMeeting.OpenAsync(("home", "bob/home"), ("away", "bob/laptop"));

    public async ValueTask DisposeAsync()
    {
        if (_meeting is not null) await _meeting.DisposeAsync();
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
        foreach (Process process in (Process[])[accepting, inviting])
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
        ProcessStartInfo start = new(program, [_meeting!.Folder[repository], .. line, $"--dht={_meeting.Dht}", $"--stun={_meeting.Stun}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return _meeting.Start(start);
    }
}
