using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Plexus.Identities;
using Plexus.Payloads;
using Plexus.Sockets;

namespace Plexus.App.Settings;

/// <summary>Makes settings of texts. Every mistake is found here, before any work begins.</summary>
internal sealed class ClassicSettingsReader(GivenOptions given)
{
    private const int StunPort = 3478; // RFC 8489 section 18.6.
    private const int DhtPort = 4222; // OpenDHT's.

    /// <summary>The settings of a command line, its configuration file and the environment.</summary>
    /// <param name="arguments">The command line, without <c>--help</c> and <c>--version</c>.</param>
    /// <param name="variable">Gives an environment variable's text, or null.</param>
    /// <exception cref="PlexusException">Something is wrong; the message is one sentence for the user.</exception>
    public static ClassicSettings Read(GivenOptions arguments, Func<string, string?> variable)
    {
        ClassicSettingsReader reader = new(arguments);
        if (reader.Optional(ClassicOptions.Config) is { } file) ConfigurationFile.Add(arguments, file);
        return reader.Read(variable);
    }

    private ClassicSettings Read(Func<string, string?> variable)
    {
        EmailSettings? email = EmailSettingsReader.Read(given, variable);
        bool accept = Flag(ClassicOptions.Accept);
        TunnelSettings? tunnel = Tunnel(variable);
        return new()
        {
            Accept = accept,
            AppId = Word(ClassicOptions.AppId),
            Repository = Required(ClassicOptions.AppRepo),
            Host = Host(),
            Peer = Peer(accept),
            StunServers = Optional(ClassicOptions.StunServer) is null ? [] : Servers(ClassicOptions.StunServer, StunPort),
            StunClient = Local(),
            PunchHops = (int)Number(ClassicOptions.PunchHops, 1, 255),
            DhtBootstrap = Servers(ClassicOptions.DhtBootstrap, DhtPort),
            DhtPort = (int)Number(ClassicOptions.DhtPort, 0, IPEndPoint.MaxPort),
            DhtNetwork = Number(ClassicOptions.DhtNetwork, 0, uint.MaxValue),
            UsesDht = email is null || ((ClassicOption[])[ClassicOptions.DhtBootstrap, ClassicOptions.DhtPort, ClassicOptions.DhtNetwork]).Any(option => given[option] is not null),
            Email = email,
            Command = tunnel is null ? Command() : null,
            Tunnel = tunnel,
            WaitForCommand = Flag(ClassicOptions.ExecWait),
            Log = new(Level(), Optional(ClassicOptions.LogFile)?.Replace("%p", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)),
            Environment = EnvironmentSettings.Read(variable),
        };
    }

    private IdentityName Host()
    {
        IdentityName host = Name(ClassicOptions.HostInfo, Required(ClassicOptions.HostInfo));
        return host.IsComplete ? host : throw Bad(ClassicOptions.HostInfo, host.ToString(), "both parts of our own identity, owner/pin");
    }

    private IdentityName Peer(bool accept)
    {
        IdentityName peer = Name(ClassicOptions.PeerInfo, Text(ClassicOptions.PeerInfo));
        return accept || peer.IsComplete
            ? peer
            : throw Bad(ClassicOptions.PeerInfo, peer.ToString(), "both parts of the peer to invite, owner/pin (only with --accept a part may be empty)");
    }

    private IdentityName Name(ClassicOption option, string text) =>
        IdentityName.TryParse(text, out IdentityName? name) ? name : throw Bad(option, text, IdentityName.Form);

    private IReadOnlyList<EndpointName> Servers(ClassicOption option, int port)
    {
        string text = Text(option);
        bool good = EndpointName.TryParseList(text, port, out IReadOnlyList<EndpointName> names, out string? wrong);
        wrong ??= names.FirstOrDefault(name => name.Port == 0)?.ToString() ?? (names.Count == 0 ? text : null);
        return good && wrong is null ? names : throw Bad(option, wrong!, $"host or host:port, several parted by commas; an IPv6 address with a port needs brackets; the port is {port} if none is given");
    }

    private IPEndPoint Local() =>
        EndpointName.TryParseLocal(Text(ClassicOptions.StunClient), 0, out IPEndPoint? local)
            ? local
            : throw Bad(ClassicOptions.StunClient, Text(ClassicOptions.StunClient), "an address of this machine, ip or ip:port, with brackets around IPv6");

    private TunnelSettings? Tunnel(Func<string, string?> variable)
    {
        IReadOnlyList<GivenValue> exports = given.AllOf(ClassicOptions.Export), imports = given.AllOf(ClassicOptions.Import);
        if (exports.Count + imports.Count == 0)
        {
            ClassicOption? alone = ((ClassicOption[])[ClassicOptions.Status, ClassicOptions.RequireEncryption]).FirstOrDefault(Flag);
            return alone is null ? null : throw GivenOptions.Wrong($"{Place(alone)} is about a tunnel; give {ClassicOptions.Export.Dashed} or {ClassicOptions.Import.Dashed}, too.");
        }

        if (given.Options.FirstOrDefault(option => option.Name.StartsWith(ClassicOptions.ExecPrefix, StringComparison.Ordinal)) is { } command)
            throw GivenOptions.Wrong($"{Place(command)} cannot be combined with {ClassicOptions.Export.Dashed} or {ClassicOptions.Import.Dashed}: a passage has a command or a tunnel.");
        TunnelSettings tunnel = new(exports, imports, Flag(ClassicOptions.Status), Flag(ClassicOptions.RequireEncryption), TubusSettings.Read(variable));
        tunnel.Check();
        return tunnel;
    }

    private CommandOptions Command()
    {
        CommandOptions command = new()
        {
            Command = Required(ClassicOptions.ExecCommand),
            Arguments = Text(ClassicOptions.ExecArgs),
            WorkingDirectory = Optional(ClassicOptions.ExecPwd),
            LogFile = Optional(ClassicOptions.ExecLog),
        };
        // Found now, a mistake costs no passage.
        Check(ClassicOptions.ExecCommand, () => command.FindProgram());
        Check(ClassicOptions.ExecPwd, () => LaunchPlan.CheckWorkingDirectory(command.WorkingDirectory));
        Check(ClassicOptions.ExecLog, () => LaunchPlan.CheckLog(command.LogFile));
        return command;
    }

    private void Check(ClassicOption option, Action check)
    {
        try
        {
            check();
        }
        catch (PlexusException e)
        {
            throw GivenOptions.Wrong($"{Place(option)}: {e.Message}");
        }
    }

    private LogLevel Level() =>
        LogSettings.TryReadLevel(Text(ClassicOptions.LogLevel), out LogLevel level)
            ? level
            : throw Bad(ClassicOptions.LogLevel, Text(ClassicOptions.LogLevel), LogSettings.AllowedLevels);

    private uint Number(ClassicOption option, uint least, uint most) =>
        uint.TryParse(Text(option), NumberStyles.None, CultureInfo.InvariantCulture, out uint value) && value >= least && value <= most
            ? value
            : throw Bad(option, Text(option), $"a number from {least} to {most}");

    private bool Flag(ClassicOption option) => given[option] switch
    {
        null => false,
        { Text: null } => true,
        { Text: { } text } => text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" or "1" => true,
            "false" or "no" or "off" or "0" => false,
            _ => throw Bad(option, text, "true, yes, on, 1, false, no, off or 0"),
        },
    };

    private string Word(ClassicOption option)
    {
        string text = Required(option);
        return text.Any(char.IsControl) ? throw Bad(option, text, "a text without control characters") : text;
    }

    private string Required(ClassicOption option) => Optional(option)
        ?? throw GivenOptions.Wrong($"{option.Dashed} is missing; give {option.Dashed}={option.Value}: {option.Meaning}.");

    /// <summary>What was given, or the default of the table.</summary>
    private string Text(ClassicOption option) => given[option]?.Text ?? option.Default ?? "";

    /// <summary>What was given; an empty text is nothing.</summary>
    private string? Optional(ClassicOption option) => given[option]?.Text is { Length: > 0 } text ? text : null;

    private string Place(ClassicOption option) => given[option]?.Place ?? option.Dashed;

    private PlexusException Bad(ClassicOption option, string text, string allowed)
    {
        string shown = string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
        return GivenOptions.Wrong($"{Place(option)}: '{shown}' is not allowed; allowed is {allowed}.");
    }
}
