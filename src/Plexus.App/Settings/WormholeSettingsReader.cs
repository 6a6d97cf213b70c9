using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Plexus.Sockets;

namespace Plexus.App.Settings;

/// <summary>Makes the settings of the stand-alone tunnel of texts. No message repeats a secret.</summary>
internal sealed class WormholeSettingsReader(GivenOptions given)
{
    /// <summary>The variable that gives the secret where no option does.</summary>
    public const string SecretVariable = "WORMHOLE_SECRET";

    private const string SchemeMark = "://";
    private const string EndpointForm = "host:port, with or without brackets around IPv6";

    private static readonly string SecretForm = $"a decimal number from 0 to {ulong.MaxValue}";

    /// <param name="given">The command line, without <c>--help</c>.</param>
    /// <param name="variable">Gives an environment variable's text, or null.</param>
    /// <exception cref="PlexusException">Something is wrong; the message is one sentence for the user.</exception>
    public static WormholeSettings Read(GivenOptions given, Func<string, string?> variable) => new WormholeSettingsReader(given).Read(variable);

    private WormholeSettings Read(Func<string, string?> variable)
    {
        bool isExporter = IsExporter();
        ulong? onShow = SecretOnShow();
        return new()
        {
            IsExporter = isExporter,
            Service = EndPoint(WormholeOptions.Service, leastPort: isExporter ? 1 : 0),
            Gateway = Gateway(),
            Faraway = EndPoint(WormholeOptions.Faraway, leastPort: 1),
            Secret = onShow ?? HiddenSecret(variable),
            IsSecretOnShow = onShow > 0,
            Log = new(Level(), Optional(ClassicOptions.LogFile)?.Replace("%p", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)),
            Tubus = TubusSettings.Read(variable),
        };
    }

    private bool IsExporter() => Required(WormholeOptions.Purpose) switch
    {
        WormholeOptions.Export => true,
        WormholeOptions.Import => false,
        { } text => throw Bad(WormholeOptions.Purpose, text, $"{WormholeOptions.Export} or {WormholeOptions.Import}"),
    };

    private ulong? SecretOnShow()
    {
        if (Optional(WormholeOptions.Obscure) is not { } text) return null;
        return TryReadSecret(text, out ulong secret) ? secret : throw GivenOptions.Wrong($"{WormholeOptions.Obscure.Dashed}: what is given is not allowed; allowed is {SecretForm}.");
    }

    private static ulong HiddenSecret(Func<string, string?> variable)
    {
        if (variable(SecretVariable) is not { Length: > 0 } text) return 0;
        return TryReadSecret(text, out ulong secret) ? secret : throw GivenOptions.Wrong($"{SecretVariable}: what the variable has is not allowed; allowed is {SecretForm}.");
    }

    private static bool TryReadSecret(string text, out ulong secret) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out secret);

    private IPEndPoint Gateway()
    {
        EndpointName name = EndPoint(WormholeOptions.Gateway, leastPort: 0);
        return IPAddress.TryParse(name.Host, out IPAddress? address)
            ? new IPEndPoint(address, name.Port)
            : throw Bad(WormholeOptions.Gateway, name.ToString(), "an address of this machine with a port, ip:port");
    }

    /// <summary>The original's texts: <c>[scheme://]host:port</c>, where the last colon begins the port, also behind an IPv6 address.</summary>
    private EndpointName EndPoint(ClassicOption option, int leastPort)
    {
        string text = Required(option);
        int mark = text.IndexOf(SchemeMark, StringComparison.Ordinal);
        string rest = mark < 0 ? text : text[(mark + SchemeMark.Length)..];
        int colon = rest.LastIndexOf(':');
        bool isBare = !rest.StartsWith('[') && rest.IndexOf(':', StringComparison.Ordinal) < colon;
        if (isBare) rest = $"[{rest[..colon]}]{rest[colon..]}";
        // Without a port a scheme may stand for one.
        bool isRead = EndpointName.TryParse(colon < 0 ? text : rest, 0, out EndpointName? name);
        bool hasPort = colon >= 0 || name?.Port > 0;
        return isRead && hasPort && name!.Port >= leastPort
            ? name
            : throw Bad(option, text, leastPort > 0 ? $"{EndpointForm}; the port is 1 to 65535" : EndpointForm);
    }

    private LogLevel Level()
    {
        string text = Optional(ClassicOptions.LogLevel) ?? ClassicOptions.LogLevel.Default!;
        return LogSettings.TryReadLevel(text, out LogLevel level) ? level : throw Bad(ClassicOptions.LogLevel, text, LogSettings.AllowedLevels);
    }

    private string Required(ClassicOption option) => Optional(option)
        ?? throw GivenOptions.Wrong($"{option.Dashed} is missing; give {option.Dashed}={option.Value}: {option.Meaning}.");

    private string? Optional(ClassicOption option) => given[option]?.Text is { Length: > 0 } text ? text : null;

    private static PlexusException Bad(ClassicOption option, string text, string allowed)
    {
        string shown = string.Concat(text.Select(static c => char.IsControl(c) ? '?' : c));
        return GivenOptions.Wrong($"{option.Dashed}: '{shown}' is not allowed; allowed is {allowed}.");
    }
}
