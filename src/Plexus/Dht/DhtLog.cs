using System.Net;
using Microsoft.Extensions.Logging;
using Plexus.Protocols.Kademlia;

namespace Plexus.Dht;

/// <summary>What a DHT node tells in the log. Event ids 500 to 599.</summary>
internal static partial class DhtLog
{
    [LoggerMessage(500, LogLevel.Debug, "DHT node {Id} runs on {EndPoint}{Client}")]
    public static partial void Started(ILogger logger, InfoHash id, IPEndPoint endPoint, string client);

    [LoggerMessage(501, LogLevel.Warning, "UDP port {Port} is taken; the DHT node runs on port {Other}")]
    public static partial void OtherPort(ILogger logger, int port, int other);

    [LoggerMessage(502, LogLevel.Debug, "No DHT node over {Address}: {Reason}")]
    public static partial void NoFamily(ILogger logger, IPAddress address, string reason);

    [LoggerMessage(503, LogLevel.Warning, "The bootstrap host {Host} does not resolve: {Reason}")]
    public static partial void Unresolved(ILogger logger, string host, string reason);

    [LoggerMessage(504, LogLevel.Debug, "Contacting the bootstrap host {Host} at {EndPoint}")]
    public static partial void Contacting(ILogger logger, string host, IPEndPoint endPoint);

    [LoggerMessage(505, LogLevel.Information, "The local address is now {Address}; looking for the DHT's nodes again")]
    public static partial void AddressChanged(ILogger logger, IPAddress? address);

    [LoggerMessage(506, LogLevel.Warning, "The DHT's state cannot be kept in {Path}: {Reason}")]
    public static partial void NotKept(ILogger logger, string path, string reason);

    [LoggerMessage(507, LogLevel.Debug, "{Path} is in use by another process; this run has an id of its own")]
    public static partial void StateInUse(ILogger logger, string path);

    [LoggerMessage(508, LogLevel.Debug, "The DHT is {Status}")]
    public static partial void StatusChanged(ILogger logger, DhtStatus status);

    [LoggerMessage(509, LogLevel.Error, "A result of the DHT could not be handled")]
    public static partial void CallbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(510, LogLevel.Error, "The DHT node on {EndPoint} has stopped")]
    public static partial void Stopped(ILogger logger, Exception exception, IPEndPoint endPoint);
}
