using System.Net;
using Microsoft.Extensions.Logging;
using Plexus.App.Settings;
using Plexus.Payloads;

namespace Plexus.App.Tests.Settings;

public sealed class ClassicSettingsTests : IDisposable
{
    private static readonly string[] Least =
        ["--app-id=app", "--app-repo=/repo", "--host-info=a@b/host", "--peer-info=c@d/peer", "--exec-command=sh"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_least_line_gets_the_defaults_of_the_manual()
    {
        ClassicSettings settings = Read(Least);
        Assert.False(settings.Accept);
        Assert.Equal("app", settings.AppId);
        Assert.Equal("a@b/host", settings.Host.ToString());
        Assert.Equal("c@d/peer", settings.Peer.ToString());
        Assert.Empty(settings.StunServers);
        Assert.Equal(new IPEndPoint(IPAddress.Any, 0), settings.StunClient);
        Assert.Equal(7, settings.PunchHops);
        Assert.Equal(["bootstrap.jami.net:4222"], settings.DhtBootstrap.Select(node => node.ToString()));
        Assert.Equal(4222, settings.DhtPort);
        Assert.Equal(0u, settings.DhtNetwork);
        Assert.Equal(new CommandOptions { Command = "sh", Arguments = "%innerip% %innerport% %outerip% %outerport% %peerip% %peerport%" }, settings.Command);
        Assert.False(settings.WaitForCommand);
        Assert.Equal(new LogSettings(LogLevel.Information, null), settings.Log);
        Assert.Equal(new EnvironmentSettings { Complaints = settings.Environment.Complaints }, settings.Environment);
    }

    [Fact]
    public void The_line_of_the_originals_manual_is_understood_in_both_forms()
    {
        string[] line =
        [
            "--accept", "--app-id", "app", "--app-repo", "/repo", "--host-info", "a@b/host", "--peer-info=/",
            "--dht-bootstrap=one.example:4000;two-dashed.example", "--dht-port=0", "--dht-network", "4294967295",
            "--stun-server=stun-1.example:19302", "--stun-client=127.0.0.1:1974", "--punch-hops=3",
            "--exec-command=sh", "--exec-args", "--secret %secret%", "--exec-pwd=/tmp", "--exec-log=/tmp/%peerpin%.log",
            "--log-level=DEBUG", "--log-file=/tmp/p-%p.log",
        ];
        ClassicSettings settings = Read(line);
        Assert.True(settings.Accept);
        Assert.Equal(["one.example:4000", "two-dashed.example:4222"], settings.DhtBootstrap.Select(node => node.ToString()));
        Assert.Equal(["stun-1.example:19302"], settings.StunServers.Select(node => node.ToString()));
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:1974"), settings.StunClient);
        Assert.Equal(uint.MaxValue, settings.DhtNetwork);
        Assert.Equal(3, settings.PunchHops);
        Assert.Equal(new CommandOptions { Command = "sh", Arguments = "--secret %secret%", WorkingDirectory = "/tmp", LogFile = "/tmp/%peerpin%.log" }, settings.Command);
        Assert.Equal(new LogSettings(LogLevel.Debug, $"/tmp/p-{Environment.ProcessId}.log"), settings.Log);
    }

    [Theory]
    [InlineData("--app-r=/repo2", "/repo2")]
    [InlineData("--app-rep=/repo2", "/repo2")]
    public void A_name_may_be_shortened(string option, string repository) =>
        Assert.Equal(repository, Read([.. Least.Where(o => !o.StartsWith("--app-repo", StringComparison.Ordinal)), option]).Repository);

    [Theory] // The option, the text, what is allowed.
    [InlineData("--app-xd=1", "--app-xd", "unknown", "--app-id")]
    [InlineData("--exec-cmd=1", "--exec-cmd", "unknown", "--exec-command")]
    [InlineData("--zzzzzz", "--zzzzzz", "unknown", "plexus --help")]
    [InlineData("--app=1", "--app", "ambiguous", "--app-id, --app-repo")]
    [InlineData("--app-id=2", "--app-id", "twice")]
    [InlineData("--dht-port", "--dht-port", "no value", "0-65535")]
    [InlineData("--dht-port=65536", "--dht-port", "'65536'", "0 to 65535")]
    [InlineData("--dht-port=-1", "--dht-port", "'-1'", "0 to 65535")]
    [InlineData("--dht-network=4294967296", "--dht-network", "'4294967296'", "0 to 4294967295")]
    [InlineData("--punch-hops=0", "--punch-hops", "'0'", "1 to 255")]
    [InlineData("--stun-server=a:b:c", "--stun-server", "'a:b:c'", "host:port")]
    [InlineData("--stun-server=good,ba d", "--stun-server", "'ba d'", "host:port")]
    [InlineData("--stun-server=stun.example:0", "--stun-server", "stun.example:0", "host:port")]
    [InlineData("--dht-bootstrap=,", "--dht-bootstrap", "','", "host:port")]
    [InlineData("--stun-client=name:1", "--stun-client", "'name:1'", "address of this machine")]
    [InlineData("--log-level=loud", "--log-level", "'loud'", "fatal, error")]
    [InlineData("--accept=maybe", "--accept", "'maybe'", "true")]
    [InlineData("positional", "positional", "two dashes")]
    [InlineData("--config=/plexus/no/such/file", "--config", "/plexus/no/such/file", "cannot be read")]
    public void A_mistake_is_one_sentence_with_the_option_the_text_and_what_is_allowed(string extra, params string[] parts)
    {
        string message = Fails([.. Least, extra]);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("--app-id")]
    [InlineData("--app-repo")]
    [InlineData("--host-info")]
    [InlineData("--exec-command")]
    public void A_missing_option_is_named(string option) =>
        Assert.StartsWith($"{option} is missing", Fails([.. Least.Where(o => !o.StartsWith(option + '=', StringComparison.Ordinal))]), StringComparison.Ordinal);

    [Theory]
    [InlineData("--host-info=/", "both parts")]
    [InlineData("--host-info=../x", "owner/pin")]
    [InlineData("--peer-info=/", "both parts")]
    [InlineData("--peer-info=a b/c", "owner/pin")]
    [InlineData("--exec-command=plexus-no-such-program", "PATH")]
    [InlineData("--exec-command=", "missing")]
    [InlineData("--exec-command=/", "--exec-command: The command '/' is a folder")]
    [InlineData("--exec-pwd=/no/such", "--exec-pwd: The working folder '/no/such' of the command does not exist")]
    [InlineData("--exec-log=/no/such/file", "--exec-log: The log file '/no/such/file' of the command cannot be written: its folder")]
    [InlineData("--app-id=a\nb", "'a?b'")]
    public void A_value_that_cannot_work_is_told_before_any_work(string changed, string reason)
    {
        string name = changed.Split('=')[0] + '=';
        Assert.Contains(reason, Fails([.. Least.Where(o => !o.StartsWith(name, StringComparison.Ordinal)), changed]), StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_is_not_taken_for_a_value_but_other_dashes_are()
    {
        Assert.Contains("--exec-args has no value", Fails([.. Least, "--exec-args", "--accept"]), StringComparison.Ordinal);
        Assert.Equal("--verbose", Read([.. Least, "--exec-args", "--verbose"]).Command!.Arguments);
    }

    [Theory]
    [InlineData("WARN", LogLevel.Warning)]
    [InlineData("warning", LogLevel.Warning)]
    [InlineData("FATAL", LogLevel.Critical)]
    [InlineData("1", LogLevel.Critical)]
    [InlineData("6", LogLevel.Trace)]
    [InlineData("info", LogLevel.Information)]
    public void Levels_have_the_originals_names(string text, LogLevel level) => Assert.Equal(level, Read([.. Least, $"--log-level={text}"]).Log.Level);

    [Fact]
    public void A_file_adds_what_the_command_line_does_not_give()
    {
        File.WriteAllText(_folder["p.conf"], """
            # A comment.
            app-id = from file   # Another.
              dht-port=77
            accept = yes
            exec-args = "a b" %secret%

            """);
        ClassicSettings settings = Read([.. Least, "--config", _folder["p.conf"]]);
        Assert.Equal("app", settings.AppId); // The command line wins.
        Assert.Equal(77, settings.DhtPort);
        Assert.True(settings.Accept);
        Assert.Equal("\"a b\" %secret%", settings.Command!.Arguments);
    }

    [Theory]
    [InlineData("dht-prt = 1", "p.conf:1", "dht-port")]
    [InlineData("\n\ndht-port = x", "p.conf:3", "dht-port", "'x'", "0 to 65535")]
    [InlineData("[plexus]", "p.conf:1", "section")]
    [InlineData("dht-port", "p.conf:1", "no '='")]
    [InlineData("dht-port=1\ndht-port=2", "p.conf:2", "twice")]
    [InlineData("help=1", "p.conf:1", "unknown")]
    [InlineData("email-smtps=mail.example", "p.conf:1", "email-smtps", "needs --email-imaps")]
    [InlineData("accept = maybe", "p.conf:1", "maybe")]
    public void A_mistake_in_a_file_is_told_with_its_line(string content, params string[] parts)
    {
        File.WriteAllText(_folder["p.conf"], content);
        string message = Fails([.. Least, $"--config={_folder["p.conf"]}"]);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Variables_change_times_and_tokens_and_a_wrong_one_is_told_and_left_out()
    {
        Dictionary<string, string> variables = new()
        {
            ["PLEXUS_HANDSHAKE_TIMEOUT"] = "5000",
            ["PLEXUS_RESPONSE_TIMEOUT"] = "soon",
            ["PLEXUS_DHT_AWAIT_TIMEOUT"] = "1",
            ["PLEXUS_INVITE_TOKEN"] = "come",
            ["PLEXUS_ACCEPT_TOKEN"] = "two words",
        };
        EnvironmentSettings read = EnvironmentSettings.Read(name => variables.GetValueOrDefault(name));
        Assert.Equal(TimeSpan.FromSeconds(5), read.Handshake);
        Assert.Equal(TimeSpan.FromSeconds(60), read.Response);
        Assert.Equal(TimeSpan.FromSeconds(20), read.DhtPut);
        Assert.Equal(("come", "accept", "advent"), (read.InviteToken, read.AcceptToken, read.AdventToken));
        Assert.Equal(3, read.Complaints.Count);
        Assert.Contains("PLEXUS_RESPONSE_TIMEOUT: 'soon'", read.Complaints[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_tokens_would_mix_up_letters_and_are_refused()
    {
        EnvironmentSettings read = EnvironmentSettings.Read(name => name.EndsWith("TOKEN", StringComparison.Ordinal) ? "same" : null);
        Assert.Equal("invite", read.InviteToken);
        Assert.Single(read.Complaints);
    }

    private static ClassicSettings Read(string[] line) => ClassicSettingsReader.Read(ClassicCommandLine.Read(line), _ => null);

    private static string Fails(string[] line)
    {
        PlexusException failure = Assert.Throws<PlexusException>(() => Read(line));
        Assert.Equal(PlexusStage.Settings, failure.Stage);
        return failure.Message;
    }
}
