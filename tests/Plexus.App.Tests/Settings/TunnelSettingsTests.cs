using System.Net;
using Plexus.App.Settings;
using Plexus.Identities;
using Plexus.Passages;
using Plexus.Protocols.Wormhole;
using Plexus.Tunnels;

namespace Plexus.App.Tests.Settings;

public sealed class TunnelSettingsTests : IDisposable
{
    private static readonly string[] Least = ["--app-id=app", "--app-repo=/repo", "--host-info=a/b", "--peer-info=bob@x/home"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Services_are_read_in_every_form()
    {
        TunnelSettings tunnel = Read("--export=ssh=127.0.0.1:22", "--export", "dns=udp:[::1]:53", "--import=web=8080", "--import=udp:5353", "--import=tcp:localhost:99", "--status").Tunnel!;
        TunnelOptions options = tunnel.For(Ticket);
        Assert.Equal(["ssh=127.0.0.1:22", "dns=udp:[::1]:53"], options.Exports.Select(service => service.ToString()));
        Assert.Equal(["web=127.0.0.1:8080", "udp:127.0.0.1:5353", "localhost:99"], options.Imports.Select(service => service.ToString()));
        Assert.Equal(TunnelProtocol.Udp, options.Imports[1].Protocol);
        Assert.Equal((true, true, true), (tunnel.ShowsStatus, options.AllowUnencrypted, tunnel.HasFixedPorts));
        Assert.False(Read("--export=1.2.3.4:5", "--require-encryption").Tunnel!.For(Ticket).AllowUnencrypted);
    }

    [Fact]
    public void Wildcards_are_filled_in_for_each_passage()
    {
        TunnelSettings tunnel = Read("--export=%peerpin%=%peerpin%.internal:22", "--import=%hostpin%=2222").Tunnel!;
        Assert.False(tunnel.HasFixedPorts);
        TunnelOptions options = tunnel.For(Ticket);
        Assert.Equal("home=home.internal:22", options.Exports[0].ToString());
        Assert.Equal("laptop=127.0.0.1:2222", options.Imports[0].ToString());
    }

    [Fact]
    public void A_file_may_repeat_services_and_the_command_line_wins()
    {
        File.WriteAllText(_folder["p.conf"], "export = a=1.2.3.4:1\nexport = b=1.2.3.4:2\nimport = 99\n");
        Assert.Equal(2, Read($"--config={_folder["p.conf"]}").Tunnel!.Exports.Count);
        TunnelSettings both = Read($"--config={_folder["p.conf"]}", "--export=c=1.2.3.4:3").Tunnel!;
        Assert.Equal(["c=1.2.3.4:3"], both.Exports.Select(value => value.Text));
        Assert.Single(both.Imports);
    }

    [Theory]
    [InlineData("--export: '127.0.0.1' is not allowed", "--export=127.0.0.1")]
    [InlineData("--import: 'a b=99' is not allowed", "--import=a b=99")]
    [InlineData("--import: '' is not allowed", "--import=")]
    [InlineData("--import: '0' is not allowed", "--import=0")]
    [InlineData("--export: 'x=udp:host' is not allowed", "--export=x=udp:host")]
    [InlineData("give them names, as in web=1.2.3.4:2", "--export=1.2.3.4:1", "--export=1.2.3.4:2")]
    [InlineData("Two exported services are called 'a'", "--export=a=1.2.3.4:1", "--export=a=1.2.3.4:2")]
    [InlineData("--exec-command cannot be combined with --export or --import", "--export=1.2.3.4:1", "--exec-command=sh")]
    [InlineData("--status is about a tunnel", "--status", "--exec-command=sh")]
    [InlineData("%secret% has no place in a service", "--export=a%secret%:1")]
    [InlineData("--exec-command is missing")]
    public void A_mistake_is_one_sentence(string part, params string[] more)
    {
        PlexusException e = Assert.Throws<PlexusException>(() => Read(more));
        Assert.Equal(PlexusStage.Settings, e.Stage);
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
    }

    private static PassageTicket Ticket => new()
    {
        Host = IdentityName.Parse("alice@x/laptop"),
        Peer = IdentityName.Parse("bob@x/home"),
        Inner = IPEndPoint.Parse("0.0.0.0:5000"),
        Outer = IPEndPoint.Parse("198.51.100.7:6000"),
        PeerEndPoint = IPEndPoint.Parse("203.0.113.9:7000"),
        Secret = 1,
    };

    private static ClassicSettings Read(params string[] more) => ClassicSettingsReader.Read(ClassicCommandLine.Read([.. Least, .. more]), _ => null);
}
