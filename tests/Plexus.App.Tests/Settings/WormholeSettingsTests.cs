using System.Net;
using Microsoft.Extensions.Logging;
using Plexus.App.Settings;
using Plexus.Protocols.Tubus;

namespace Plexus.App.Tests.Settings;

public sealed class WormholeSettingsTests
{
    private static readonly string[] Least =
        ["--purpose=export", "--service=127.0.0.1:22", "--gateway=0.0.0.0:5000", "--faraway=1.2.3.4:6000"];

    [Fact]
    public void The_line_of_the_originals_manual_is_understood_in_both_forms()
    {
        WormholeSettings settings = Read([
            "--purpose", "import", "--service=127.0.0.1:2222", "--gate", "0.0.0.0:5000", "--faraway=2001:db8::1:6000",
            "--obscure=18446744073709551615", "--log-file=/tmp/w-%p.log", "--log-level=DEBUG",
        ]);
        Assert.False(settings.IsExporter);
        Assert.Equal("127.0.0.1:2222", settings.Service.ToString());
        Assert.Equal(IPEndPoint.Parse("0.0.0.0:5000"), settings.Gateway);
        Assert.Equal("[2001:db8::1]:6000", settings.Faraway.ToString());
        Assert.Equal(ulong.MaxValue, settings.Secret);
        Assert.True(settings.IsSecretOnShow);
        Assert.Equal(new LogSettings(LogLevel.Debug, $"/tmp/w-{Environment.ProcessId}.log"), settings.Log);
        Assert.Equal(new TubusOptions(), settings.Tubus.Tune(new()));
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:22", "127.0.0.1:22")]
    [InlineData("http://server.example", "server.example:80")]
    [InlineData("server.example:22", "server.example:22")]
    [InlineData("::1:22", "[::1]:22")]
    [InlineData("[::1]:22", "[::1]:22")]
    public void An_endpoint_may_be_written_as_for_the_original(string text, string endPoint) =>
        Assert.Equal(endPoint, Read([Least[0], "--service=" + text, .. Least[2..]]).Service.ToString());

    [Theory]
    [InlineData(null, null, 0, false)]
    [InlineData(null, "4711", 4711, false)]
    [InlineData("5", "4711", 5, true)]
    [InlineData("0", "4711", 0, false)] // The option wins, also to say none.
    public void The_secret_comes_from_the_option_or_the_variable(string? option, string? variable, ulong secret, bool isOnShow)
    {
        string[] line = option is null ? Least : [.. Least, "--obscure=" + option];
        WormholeSettings settings = Read(line, name => name == "WORMHOLE_SECRET" ? variable : null);
        Assert.Equal((secret, isOnShow), (settings.Secret, settings.IsSecretOnShow));
    }

    [Theory]
    [InlineData("--purpose: 'exporter' is not allowed; allowed is export or import.", "--purpose=exporter", 0)]
    [InlineData("--service: 'nowhere' is not allowed; allowed is host:port", "--service=nowhere", 1)]
    [InlineData("--service: '127.0.0.1:0' is not allowed; allowed is host:port", "--service=127.0.0.1:0", 1)]
    [InlineData("--gateway: 'here.example:5000' is not allowed; allowed is an address of this machine", "--gateway=here.example:5000", 2)]
    [InlineData("--faraway: '1.2.3.4:66000' is not allowed; allowed is host:port", "--faraway=1.2.3.4:66000", 3)]
    [InlineData("--faraway: '1.2.3.4' is not allowed; allowed is host:port", "--faraway=1.2.3.4", 3)]
    [InlineData("--faraway is missing; give --faraway=host:port: UDP endpoint of the peer.", "--log-level=info", 3)]
    public void A_mistake_is_one_sentence(string sentence, string argument, int place)
    {
        string[] line = [.. Least];
        line[place] = argument;
        PlexusException e = Assert.Throws<PlexusException>(() => Read(line));
        Assert.Equal(PlexusStage.Settings, e.Stage);
        Assert.StartsWith(sentence, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_secret_is_not_repeated()
    {
        string[] messages =
        [
            Assert.Throws<PlexusException>(() => Read([.. Least, "--obscure=0x4711"])).Message,
            Assert.Throws<PlexusException>(() => Read(Least, name => name == "WORMHOLE_SECRET" ? "0x4711" : null)).Message,
        ];
        Assert.All(messages, message => Assert.DoesNotContain("4711", message, StringComparison.Ordinal));
        Assert.StartsWith("--obscure: ", messages[0], StringComparison.Ordinal);
        Assert.StartsWith("WORMHOLE_SECRET: ", messages[1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_variables_of_tubus_change_what_they_name()
    {
        Dictionary<string, string> variables = new()
        {
            ["TUBUS_MAX_PACKET_SIZE"] = "1406", ["TUBUS_PING_TIMEOUT"] = "30", ["TUBUS_SHUTDOWN_TIMEOUT"] = "500", ["TUBUS_CONNECT_TIMEOUT"] = "7",
            ["TUBUS_ACCEPT_TIMEOUT"] = "8", ["TUBUS_SNIPPET_FLIGHT"] = "48", ["TUBUS_MOVE_ATTEMPTS"] = "32",
            ["TUBUS_RECEIVE_BUFFER_SIZE"] = "5242880", ["TUBUS_SEND_BUFFER_SIZE"] = "65536",
        };
        Assert.Equal(TubusSettings.Names.Order(), variables.Keys.Order());
        TubusOptions tuned = TubusSettings.Read(variables.GetValueOrDefault).Tune(new());
        TubusOptions expected = new()
        {
            LargestDatagram = 1406,
            PingInterval = TimeSpan.FromSeconds(30),
            SilenceLimit = TimeSpan.FromSeconds(35),
            ShutdownTimeout = TimeSpan.FromMilliseconds(500),
            ConnectTimeout = TimeSpan.FromSeconds(7),
            AcceptTimeout = TimeSpan.FromSeconds(8),
            FlightLimit = 48,
            MoveAttempts = 32,
            ReceiveBuffer = 5_242_880,
            InitialReceiveBuffer = 5_242_880,
            SendBuffer = 65_536,
            UnsentLimit = 65_536,
        };
        Assert.Equal(expected, tuned);
    }

    [Fact]
    public void A_wrong_variable_of_tubus_is_one_sentence() => Assert.All(TubusSettings.Names, name =>
    {
        PlexusException e = Assert.Throws<PlexusException>(() => TubusSettings.Read(asked => asked == name ? "-1" : null));
        Assert.StartsWith($"The variable {name}: '-1' is not allowed; allowed are ", e.Message, StringComparison.Ordinal);
    });

    private static WormholeSettings Read(string[] line, Func<string, string?>? variable = null) =>
        WormholeSettingsReader.Read(ClassicCommandLine.Read(line, WormholeOptions.All, ProgramName.Wormhole), variable ?? (static _ => null));
}
