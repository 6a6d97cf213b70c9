using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Plexus.Payloads;

namespace Plexus.Tests.Payloads;

[UnsupportedOSPlatform("windows")]
public sealed class LaunchedCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public LaunchedCommandTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "these tests start /bin/sh");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_command_gets_its_arguments_as_they_were_cut()
    {
        Assert.Equal(0, await RunAsync("-c 'printf \"<%s>\" \"$0\" \"$@\"' %peerip% \"a b\" \"\" %secret%"));
        Assert.Equal("<2001:db8::9><a b><><17687476512432925332>", Output);
    }

    [Fact]
    public async Task The_command_gets_the_passage_in_its_environment()
    {
        await RunAsync("-c 'env | grep ^PLEXUS_ | LC_ALL=C sort'");
        string[] lines = Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
        [
            "PLEXUS_HOST_EMAIL=alice@example.com", "PLEXUS_HOST_PIN=hosta", "PLEXUS_INNER_IP=0.0.0.0", "PLEXUS_INNER_PORT=5000",
            "PLEXUS_OUTER_IP=198.51.100.7", "PLEXUS_OUTER_PORT=6000", "PLEXUS_PEER_EMAIL=bob@example.com", "PLEXUS_PEER_IP=2001:db8::9",
            "PLEXUS_PEER_PIN=hostb", "PLEXUS_PEER_PORT=7000", "PLEXUS_SECRET=17687476512432925332",
        ], lines);
    }

    [Theory]
    [InlineData("-c 'exit 0'", 0)]
    [InlineData("-c 'exit 42'", 42)]
    [InlineData("-c 'kill -9 $$'", 137)]
    public async Task The_exit_status_is_told(string arguments, int status) => Assert.Equal(status, await RunAsync(arguments));

    [Fact]
    public async Task Output_is_appended_to_a_log_that_others_may_read()
    {
        await RunAsync("-c 'echo one; echo two >&2'");
        await RunAsync("-c 'echo three'");
        Assert.Equal("one\ntwo\nthree\n", Output);
        Assert.Equal(LaunchedCommand.LogMode, File.GetUnixFileMode(_folder["out.log"]) | LaunchedCommand.LogMode);
    }

    [Fact]
    public async Task Folder_and_log_have_wildcards_too()
    {
        Directory.CreateDirectory(_folder["in hostb"]);
        LaunchedCommand command = LaunchedCommand.Start(
            new() { Command = "sh", Arguments = "-c pwd", WorkingDirectory = _folder["in %peerpin%"], LogFile = _folder["%hostemail%.log"] }, SampleTicket.Make());
        await command.Exited;
        Assert.EndsWith("in hostb\n", await File.ReadAllTextAsync(_folder["alice@example.com.log"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_has_no_descriptor_of_ours()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self/fd"), "no /proc on this system");
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using FileStream file = File.Create(_folder["open"]);
        await RunAsync("-c 'cd /proc/self/fd && for fd in *; do readlink $fd || true; done'");
        string[] open = Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("/dev/null", open);
        Assert.DoesNotContain(open, target => target.StartsWith("socket:", StringComparison.Ordinal) || target == _folder["open"]);
    }

    [Fact]
    public async Task The_command_has_a_session_of_its_own_and_the_signals_of_a_fresh_process()
    {
        Assert.SkipUnless(File.Exists("/proc/self/stat"), "no /proc on this system");
        LaunchedCommand command = Start("-c 'cat /proc/$$/stat; exec grep -E \"SigBlk|SigIgn\" /proc/self/status'"); // A shell blocks signals while it forks.
        await command.Exited;
        string[] lines = Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] stat = lines[0][(lines[0].LastIndexOf(')') + 2)..].Split(' ');
        Assert.Equal($"{command.ProcessId}", stat[3]); // The session, proc(5) field 6.
        const ulong OfTheLibrary = 0x1_8000_0000; // 32 and 33: glibc keeps them to itself.
        Assert.All(lines[1..], line => Assert.Equal(0UL, Convert.ToUInt64(line.Split('\t')[1], 16) & ~OfTheLibrary));
    }

    [Fact]
    public async Task A_command_and_what_it_started_can_be_ended()
    {
        LaunchedCommand command = Start("-c 'sleep 600 & wait'");
        command.Terminate();
        Assert.Equal(128 + 15, await command.Exited);
        command.Terminate(); // Once more does no harm: the number is not ours any more.
    }

    [Fact]
    public async Task Many_commands_end_on_their_own()
    {
        LaunchedCommand[] commands = [.. Enumerable.Range(0, 20).Select(n => Start($"-c 'exit {n}'"))];
        Assert.Equal(Enumerable.Range(0, 20), await Task.WhenAll(commands.Select(c => c.Exited)));
    }

    [Fact]
    public void What_cannot_be_started_is_told_with_its_name()
    {
        File.WriteAllText(_folder["plain"], "x");
        File.WriteAllText(_folder["script"], "echo no first line");
        File.SetUnixFileMode(_folder["script"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Fails(new() { Command = "plexus-no-such-program" }, "PATH");
        Fails(new() { Command = _folder["absent"] }, "does not exist");
        Fails(new() { Command = _folder["plain"] }, "chmod +x");
        Fails(new() { Command = _folder["script"] }, "#!");
        Fails(new() { Command = "sh", WorkingDirectory = _folder["absent"] }, "working folder");
        Fails(new() { Command = "sh", LogFile = _folder["absent", "x.log"] }, "log file");
    }

    private static void Fails(CommandOptions options, string reason)
    {
        PlexusException failure = Assert.Throws<PlexusException>(() => LaunchedCommand.Start(options, SampleTicket.Make()));
        Assert.Equal(PlexusStage.Payload, failure.Stage);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("17687476512432925332", failure.ToString(), StringComparison.Ordinal);
    }

    private string Output => File.ReadAllText(_folder["out.log"]);

    private LaunchedCommand Start(string arguments) =>
        LaunchedCommand.Start(new() { Command = "sh", Arguments = arguments, LogFile = _folder["out.log"] }, SampleTicket.Make());

    private Task<int> RunAsync(string arguments) => Start(arguments).Exited;
}
