using System.Diagnostics;
using System.Text.RegularExpressions;
using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary><c>plexus demo</c> as a user runs it.</summary>
public sealed class DemoTests : IDisposable
{
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("plexus-e2e-demo-");

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30); // two to four seconds on an idle machine

    [Theory]
    [InlineData("demo --in-memory", "in this program's memory")]
    [InlineData("demo", "network namespaces")]
    public async Task The_demonstration_shows_a_talk_over_a_passage_and_leaves_nothing_behind(string arguments, string internet)
    {
        Need(internet);
        (int code, string output) = await RunAsync(new ProcessStartInfo(PlexusProgram.Path, arguments));

        Shows(internet, code, output);
        Assert.Empty(Leftovers());
    }

    [Fact]
    public async Task An_ordinary_user_sees_it_too()
    {
        Need("");
        string? runuser = SystemTool.Find("runuser");
        if (Libc.EffectiveUser() != 0 || runuser is null) Assert.Skip("Only root can become another user.");
        // The folder of the build may be closed to others.
        DirectoryInfo folder = Directory.CreateTempSubdirectory("plexus-e2e-user-");
        try
        {
            string program = Path.Combine(folder.FullName, "plexus");
            File.Copy(PlexusProgram.Path, program);
            File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_101_101);
            File.SetUnixFileMode(_temporary.FullName, (UnixFileMode)0b111_111_111);

            (int code, string output) = await RunAsync(
                new ProcessStartInfo(runuser, $"-u nobody -- {program} demo") { WorkingDirectory = "/" });

            Shows("This internet is", code, output); // Whether an ordinary user may make namespaces, the system decides.
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("demo --in-memory")]
    [InlineData("demo")]
    public async Task Stopping_it_early_leaves_nothing_behind(string arguments)
    {
        Need("");
        using Process demo = Start(new ProcessStartInfo(PlexusProgram.Path, arguments));
        Task<string> output = demo.StandardOutput.ReadToEndAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(700));

        _ = Libc.Kill(demo.Id, 15);

        await demo.WaitForExitAsync().WaitAsync(Limit);
        Assert.NotEqual(0, demo.ExitCode);
        await output;
        Assert.Empty(Leftovers());
    }

    public void Dispose() => _temporary.Delete(recursive: true);

    private static void Need(string internet)
    {
        if (PlexusProgram.WhyNot is { } reason) Assert.Skip(reason);
        if (internet.StartsWith("network", StringComparison.Ordinal) && PrivateNamespaces.WhyNot() is { } obstacle) Assert.Skip(obstacle);
    }

    private static void Shows(string internet, int code, string output)
    {
        Assert.True(code == 0, output);
        Assert.Contains(internet, output, StringComparison.Ordinal);
        Assert.Equal(6, Regex.Count(output, @"^ +\d+\.\d{3} s  (laptop|server)  hears: ", RegexOptions.Multiline));
        Assert.Equal(2, Regex.Count(output, "The passage to me/(laptop|server) at 203[.]0[.]113[.][12]:[0-9]+ is open"));
        Assert.Contains("plexus --accept --app-id=", output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> RunAsync(ProcessStartInfo start)
    {
        using Process process = Start(start);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Limit);
        return (process.ExitCode, await output + await error);
    }

    private Process Start(ProcessStartInfo start)
    {
        start.Environment["TMPDIR"] = _temporary.FullName;
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        return Process.Start(start)!;
    }

    // Networks of processes that are no more, and files. Other runs on this machine have their own.
    private string[] Leftovers() =>
    [
        .. (Directory.Exists("/run/netns") ? Directory.GetFiles("/run/netns", "plexus-*") : [])
            .Where(name => !Directory.Exists($"/proc/{Path.GetFileName(name).Split('-')[1]}")),
        .. Directory.EnumerateFileSystemEntries(_temporary.FullName),
    ];
}
