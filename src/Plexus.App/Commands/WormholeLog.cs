using System.Net;
using Microsoft.Extensions.Logging;

namespace Plexus.App.Commands;

/// <summary>The records of the stand-alone tunnel, besides those of the tunnel itself. None holds a secret.</summary>
internal static partial class WormholeLog
{
    [LoggerMessage(7100, LogLevel.Warning, "--obscure is on the command line, which others on this machine can read; WORMHOLE_SECRET keeps it from them")]
    public static partial void SecretOnShow(ILogger logger);

    [LoggerMessage(7101, LogLevel.Information, "{Gateway} waits for {Faraway} to open the tunnel")]
    public static partial void Accepting(ILogger logger, IPEndPoint gateway, IPEndPoint faraway);

    [LoggerMessage(7102, LogLevel.Information, "{Gateway} opens the tunnel to {Faraway}")]
    public static partial void Connecting(ILogger logger, IPEndPoint gateway, IPEndPoint faraway);

    [LoggerMessage(7103, LogLevel.Information, "The tunnel with {Faraway} is open, not encrypted; it exports {Service}")]
    public static partial void Exporting(ILogger logger, IPEndPoint faraway, string service);

    [LoggerMessage(7104, LogLevel.Information, "The tunnel with {Faraway} is open, not encrypted; its service is at {Local}")]
    public static partial void Importing(ILogger logger, IPEndPoint faraway, IPEndPoint local);

    [LoggerMessage(7105, LogLevel.Warning, "{Faraway} has fallen silent; the tunnel is opened again if it is still there")]
    public static partial void Again(ILogger logger, IPEndPoint faraway);

    [LoggerMessage(7106, LogLevel.Information, "Asked to stop; the tunnel is closed")]
    public static partial void Stopping(ILogger logger);
}
