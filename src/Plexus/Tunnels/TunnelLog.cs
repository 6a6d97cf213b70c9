using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Plexus.Tunnels;

/// <summary>What tunnels tell in the log. Event ids 750 to 799.</summary>
internal static partial class TunnelLog
{
    [LoggerMessage(750, LogLevel.Information, "The tunnel is open: {Services}")]
    public static partial void Open(ILogger logger, string services);

    [LoggerMessage(751, LogLevel.Information, "The tunnel has ended: {Reason}")]
    public static partial void Ended(ILogger logger, string reason);

    [LoggerMessage(EventId = 752, Message = "No connection for {Name}: {Reason}")]
    public static partial void NotConnected(ILogger logger, LogLevel level, string name, string reason);

    [LoggerMessage(EventId = 765, Message = "The connection of {Name} was cut off: {Reason}")]
    public static partial void CutOff(ILogger logger, LogLevel level, string name, string reason);

    [LoggerMessage(753, LogLevel.Debug, "The connection of {Name} failed: {Error}")]
    public static partial void Failed(ILogger logger, string name, SocketError error);

    [LoggerMessage(754, LogLevel.Warning, "The service {Service} cannot be reached: {Reason}")]
    public static partial void ServiceDown(ILogger logger, string service, string reason);

    [LoggerMessage(755, LogLevel.Information, "The service {Service} is reached again")]
    public static partial void ServiceUp(ILogger logger, string service);

    [LoggerMessage(756, LogLevel.Warning, "The peer wants {Service}, which is not exported")]
    public static partial void NoSuchService(ILogger logger, string service);

    [LoggerMessage(757, LogLevel.Warning, "Clients cannot be accepted at {EndPoint} for the moment: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, string endPoint, string reason);

    [LoggerMessage(758, LogLevel.Information, "Clients are accepted at {EndPoint} again")]
    public static partial void AcceptsAgain(ILogger logger, string endPoint);

    [LoggerMessage(759, LogLevel.Warning, "As many connections as allowed, {Count}, are open: new clients wait")]
    public static partial void Full(ILogger logger, int count);

    [LoggerMessage(760, LogLevel.Debug, "Connected {Name}")]
    public static partial void Connected(ILogger logger, string name);

    [LoggerMessage(761, LogLevel.Warning, "The peer exports no {Wanted}; it exports {Exported}")]
    public static partial void NotExported(ILogger logger, string wanted, string exported);

    [LoggerMessage(762, LogLevel.Information, "The peer is ending the tunnel: {Reason}")]
    public static partial void GoingAway(ILogger logger, string reason);
}
