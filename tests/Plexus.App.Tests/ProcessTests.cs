using System.Diagnostics;

namespace Plexus.App.Tests;

/// <summary>What only a process of its own can show.</summary>
public sealed class ProcessTests : IDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "plexus-app.exe" : "plexus-app");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_link_called_wormhole_is_the_tunnel()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights on Windows");
        File.CreateSymbolicLink(_folder["wormhole"], Program);
        (int exitCode, string output) = await RunAsync(_folder["wormhole"], "--help");
        Assert.Equal(0, exitCode);
        Assert.Contains("--faraway=host:port", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_leaves_nothing_behind_and_loses_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs a file system of its own, made with Linux's unshare");
        (int possible, string reason) = await RunAsync("unshare", "-rm", "true");
        Assert.SkipWhen(possible != 0, $"this machine lets nobody make a file system: {reason}");
        Directory.CreateDirectory(_folder["disk"]);
        // Eight pages: the first identity fits, the key of the second does not.
        string script = $"""
            mount -t tmpfs -o size=32k tmpfs {_folder["disk"]} && cd {_folder["disk"]} || exit 99
            {Program} identity create me/first --key-bits 2048 --app-repo repo >/dev/null 2>&1 || exit 98
            dd if=/dev/zero of=fill bs=1k 2>/dev/null
            {Program} identity create me/second --key-bits 2048 --app-repo repo 2>&1; echo "status $?"
            {Program} identity create me/first --force --key-bits 2048 --app-repo repo 2>&1; echo "status $?"
            find repo | LC_ALL=C sort; rm fill
            {Program} identity verify --app-repo repo 2>&1
            """;
        (int exitCode, string output) = await RunAsync("unshare", "-rm", "sh", "-c", script);
        Assert.Equal(0, exitCode);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("plexus: 'me/second' cannot be written", lines[0], StringComparison.Ordinal);
        Assert.Contains("plexus: 'me/first' cannot be written", lines[2], StringComparison.Ordinal);
        Assert.Equal(["status 3", "status 3"], [lines[1], lines[3]]);
        Assert.Equal(["repo", "repo/me", "repo/me/first", "repo/me/first/cert.crt", "repo/me/first/private.key", "1 identities, nothing to mend."], lines[4..]);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }
}
