using System.Net;
using System.Threading.Channels;
using Plexus.App.Commands;
using Plexus.App.Settings;
using Plexus.Identities;
using Plexus.Passages;

namespace Plexus.App.Tests.Commands;

public sealed class ClassicRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Interrupts _interrupts = new();
    private readonly RecordingLogger _log = new();
    private readonly FakePassages _passages = new();

    public ClassicRunTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "these tests start sh");

    public void Dispose()
    {
        _interrupts.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_inviter_ends_when_its_command_has_started()
    {
        _passages.Open("bob/x");
        Assert.Equal(0, await RunAsync(accept: false, "-c 'echo $PLEXUS_PEER_PIN; exec sleep 30'", "--exec-log", _folder["out"]));
        Assert.Equal(1, _passages.Released);
        Assert.Contains(_log.Lines, line => line.StartsWith("Information Started sh as process", StringComparison.Ordinal));
        Kill(_log.Lines.Select(line => StartedProcess(line)).First(id => id > 0));
    }

    [Fact]
    public async Task An_inviter_that_waits_ends_as_its_command()
    {
        _passages.Open("bob/x");
        Assert.Equal(0, await RunAsync(accept: false, "-c 'exit 0'", "--exec-wait"));
        Assert.Contains(_log.Lines, line => line.EndsWith("ended with status 0", StringComparison.Ordinal));
        _passages.Open("bob/x");
        PlexusException failure = await Assert.ThrowsAsync<PlexusException>(() => RunAsync(accept: false, "-c 'exit 3'", "--exec-wait"));
        Assert.Equal(PlexusStage.Payload, failure.Stage);
        Assert.Contains("status 3", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_waiting_inviter_passes_its_end_on()
    {
        _passages.Open("bob/x");
        Task<int> run = RunAsync(accept: false, "-c 'trap \"echo ended; exit 0\" TERM; echo ready; while :; do sleep 0.01; done'", "--exec-wait", "--exec-log", _folder["out"]);
        await UntilAsync(() => File.Exists(_folder["out"]) && Content("out").Contains("ready", StringComparison.Ordinal));
        Signal();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.EndsWith("ended\n", Content("out"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_attempt_is_the_inviters_failure()
    {
        _passages.Fail(new(PlexusStage.Punching, "silence"));
        PlexusException failure = await Assert.ThrowsAsync<PlexusException>(() => RunAsync(accept: false, "-c true"));
        Assert.Equal(PlexusStage.Punching, failure.Stage);
    }

    [Fact]
    public async Task An_acceptor_serves_on_whatever_its_commands_do()
    {
        Task<int> run = RunAsync(accept: true, "-c 'test $PLEXUS_PEER_PIN != bad || exit 9; echo $PLEXUS_PEER_PIN'", "--exec-log", _folder["%peeremail%"]);
        _passages.Open("bob/bad");
        _passages.Open("dora/fine");
        _passages.Open("carol/good");
        await UntilAsync(() => _log.Lines.Count(line => line.Contains("ended with status 0", StringComparison.Ordinal)) == 2
            && _log.Lines.Any(line => line.Contains("for bob/bad failed with status 9", StringComparison.Ordinal)));
        Assert.Equal("good\n", Content("carol"));
        Signal();
        Assert.Equal(0, await run);
    }

    [Fact]
    public async Task An_acceptor_outlives_a_command_that_cannot_start()
    {
        Task<int> run = RunAsync(accept: true, "-c true", "--exec-log", _folder["absent-%peerpin%", "x"]);
        _passages.Open("bob/x");
        _passages.Open("carol/x");
        await UntilAsync(() => _log.Lines.Count(line => line.StartsWith("Error The passage to", StringComparison.Ordinal)) == 2);
        Signal();
        Assert.Equal(0, await run);
    }

    [Fact]
    public async Task An_acceptor_that_is_stopped_waits_for_nobody()
    {
        _passages.IgnoresCancellation = true;
        Task<int> run = RunAsync(accept: true, "-c 'exec sleep 30'", "--exec-log", _folder["out"]);
        _passages.Open("bob/x");
        await UntilAsync(() => _log.Lines.Any(line => StartedProcess(line) > 0));
        Signal();
        Assert.Equal(0, await run);
        Kill(_log.Lines.Select(StartedProcess).First(id => id > 0)); // It still runs: it throws if not.
    }

    [Fact]
    public async Task A_rendezvous_that_gives_up_is_a_failure()
    {
        Task<int> run = RunAsync(accept: true, "-c true");
        _passages.GiveUp();
        Assert.Equal(PlexusStage.Rendezvous, (await Assert.ThrowsAsync<PlexusException>(() => run)).Stage);
    }

    [Fact]
    public async Task The_secret_on_show_is_warned_about_once_and_never_logged()
    {
        Task<int> run = RunAsync(accept: true, "-c true %secret%");
        _passages.Open("bob/x");
        _passages.Open("carol/x");
        await UntilAsync(() => _log.Lines.Count(line => line.Contains("ended with status 0", StringComparison.Ordinal)) == 2);
        Signal();
        await run;
        Assert.Single(_log.Lines, line => line.Contains("%secret%", StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, line => line.Contains($"{FakePassages.Secret}", StringComparison.Ordinal));
    }

    private Task<int> RunAsync(bool accept, string commandArguments, params string[] more)
    {
        string[] line = ["--app-id=app", "--app-repo=/repo", "--host-info=a/b", "--peer-info=bob/x", "--exec-command=sh", "--exec-args", commandArguments, .. more, .. accept ? ["--accept"] : Array.Empty<string>()];
        ClassicSettings settings = ClassicSettingsReader.Read(ClassicCommandLine.Read(line), _ => null);
        return new ClassicRun(settings, settings.Command!, _passages, _interrupts, _log, TimeProvider.System).RunAsync();
    }

    private string Content(string file)
    {
        using StreamReader reader = new(new FileStream(_folder[file], FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    private void Signal() => _interrupts.Request();

    private static int StartedProcess(string line) =>
        line.StartsWith("Information Started sh as process ", StringComparison.Ordinal) ? int.Parse(line.Split(' ')[5], System.Globalization.CultureInfo.InvariantCulture) : 0;

    private static void Kill(int processId) => System.Diagnostics.Process.GetProcessById(processId).Kill();

    // A state that a started process brings about has no event to wait for.
    private static async Task UntilAsync(Func<bool> reached)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        while (!reached()) await Task.Delay(5, limit.Token);
    }

    private sealed class FakePassages : IPassageSource
    {
        public const ulong Secret = 17687476512432925332;

        private readonly Channel<OpenPassage> _open = Channel.CreateUnbounded<OpenPassage>();

        public int Released { get; private set; }

        public bool IgnoresCancellation { get; set; }

        public void Open(string peer)
        {
            PassageTicket ticket = new()
            {
                Host = IdentityName.Parse("a/b"),
                Peer = IdentityName.Parse(peer),
                Inner = IPEndPoint.Parse("0.0.0.0:5000"),
                Outer = IPEndPoint.Parse("198.51.100.7:6000"),
                PeerEndPoint = IPEndPoint.Parse("203.0.113.9:7000"),
                Secret = Secret,
            };
            _open.Writer.TryWrite(new(ticket, () =>
            {
                Released++;
                return Task.FromResult(ticket);
            }, static (_, _, _) => throw new InvalidOperationException("These passages have commands.")));
        }

        public void Fail(PlexusException failure) => _open.Writer.Complete(failure);

        public void GiveUp() => _open.Writer.Complete();

        public async Task<OpenPassage> InviteAsync(CancellationToken cancellationToken) => await _open.Reader.ReadAsync(cancellationToken).AsTask().ContinueWith(
            read => read.IsCompletedSuccessfully ? read.Result : throw (read.Exception!.InnerException as ChannelClosedException)?.InnerException ?? read.Exception!,
            TaskScheduler.Default);

        public IAsyncEnumerable<OpenPassage> AcceptAsync(CancellationToken cancellationToken) =>
            _open.Reader.ReadAllAsync(IgnoresCancellation ? CancellationToken.None : cancellationToken);
    }
}
