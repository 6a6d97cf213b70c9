using Plexus.Payloads;

namespace Plexus.App.Settings;

/// <summary>The options of the classic command line: those of the original 3.2, and some of our own.</summary>
/// <remarks>docs/command-line.md is the manual of this table; a test compares them.</remarks>
internal static class ClassicOptions
{
    public const string ExecPrefix = "exec-";

    public static ClassicOption Accept { get; } = new("accept", null, "wait for invitations and serve each, until stopped; without it, invite the peer once");

    public static ClassicOption AppId { get; } = new("app-id", "text", "name of the application; both sides must use the same") { IsRequired = true };

    public static ClassicOption AppRepo { get; } = new("app-repo", "dir", "folder of the identities: dir/owner/pin/cert.crt, private.key") { IsRequired = true };

    public static ClassicOption HostInfo { get; } = new("host-info", "owner/pin", "our own identity, whose private.key is in the repository") { IsRequired = true };

    public static ClassicOption PeerInfo { get; } = new("peer-info", "owner/pin", "the peer; with --accept a part may be empty, and / is everybody in the repository") { Default = "/" };

    public static ClassicOption StunServer { get; } = new("stun-server", "list", "STUN servers host[:3478], parted by commas; all are asked at once. Left out: built-in public servers");

    public static ClassicOption StunClient { get; } = new("stun-client", "ip[:port]", "local endpoint for STUN, punching and then the command; port 0 is any") { Default = "0.0.0.0:0" };

    public static ClassicOption PunchHops { get; } = new("punch-hops", "1-255", "hops of the acceptor's first packet: it must leave our NAT and die before the peer's") { Default = "7" };

    public static ClassicOption DhtBootstrap { get; } = new("dht-bootstrap", "list", "nodes host[:4222] to join the DHT, parted by , or ;") { Default = "bootstrap.jami.net:4222" };

    public static ClassicOption DhtPort { get; } = new("dht-port", "0-65535", "local UDP port of the DHT node; 0 is any") { Default = "4222" };

    public static ClassicOption DhtNetwork { get; } = new("dht-network", "number", "number of the DHT network, 0 to 4294967295") { Default = "0" };

    public static ClassicOption ExecCommand { get; } = new("exec-command", "path", "program that takes the passage over; required without --export or --import");

    public static ClassicOption ExecArgs { get; } = new("exec-args", "text", "its arguments; wildcards below") { Default = CommandOptions.DefaultArguments };

    public static ClassicOption ExecPwd { get; } = new("exec-pwd", "dir", "its folder; wildcards below. Left out: the current one");

    public static ClassicOption ExecLog { get; } = new("exec-log", "file", "file that gets its output appended; wildcards below. Left out: the output is dropped");

    public static ClassicOption ExecWait { get; } = new("exec-wait", null, "the inviter waits for the program, and fails when it fails");

    public static ClassicOption Export { get; } = new("export", "[name=][udp:]host:port", "service that clients of the peer may reach through us; may be repeated") { IsRepeatable = true };

    public static ClassicOption Import { get; } = new("import", "[name=][udp:]host:port", "local port that leads to a service of the peer; a port alone is on 127.0.0.1; may be repeated") { IsRepeatable = true };

    public static ClassicOption Status { get; } = new("status", null, "show connections, rates and round trip of the tunnel: a line on standard error, or in the log if that is no terminal");

    public static ClassicOption RequireEncryption { get; } = new("require-encryption", null, "no tunnel with a peer that cannot encrypt, as the original cannot");

    public static ClassicOption LogLevel { get; } = new("log-level", "level", "fatal, error, warning, info, debug or trace") { Default = "INFO" };

    public static ClassicOption LogFile { get; } = new("log-file", "file", "file to append the log to; %p in it is the process id. Left out: standard output");

    public static ClassicOption Config { get; } = new("config", "file", "file of options, one name = value a line; the command line wins") { InFile = false };

    public static ClassicOption Help { get; } = new("help", null, "show this help") { InFile = false };

    public static ClassicOption Version { get; } = new("version", null, "show the version") { InFile = false };

    /// <summary>The options in the groups of the help.</summary>
    public static IReadOnlyList<(string Title, IReadOnlyList<ClassicOption> Options)> Groups { get; } =
    [
        ("Who", [AppId, AppRepo, HostInfo, PeerInfo, Accept]),
        ("NAT", [StunServer, StunClient, PunchHops]),
        ("Rendezvous by DHT", [DhtBootstrap, DhtPort, DhtNetwork]),
        ("Rendezvous by e-mail, instead of the DHT or, where a --dht option is given, beside it", EmailOptions.All),
        ("Command", [ExecCommand, ExecArgs, ExecPwd, ExecLog, ExecWait]),
        ("Tunnel, instead of a command", [Export, Import, Status, RequireEncryption]),
        ("Log and general", [LogLevel, LogFile, Config, Help, Version]),
    ];

    public static IReadOnlyList<ClassicOption> All { get; } = [.. Groups.SelectMany(group => group.Options)];
}
