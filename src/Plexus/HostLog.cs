using System.Net;
using Microsoft.Extensions.Logging;
using Plexus.Identities;

namespace Plexus;

/// <summary>What the host tells in the log. Event ids 100 to 199.</summary>
internal static partial class HostLog
{
    [LoggerMessage(100, LogLevel.Information, "Inviting {Peer}")]
    public static partial void Inviting(ILogger logger, IdentityName peer);

    [LoggerMessage(101, LogLevel.Information, "{Peer} invites us; its endpoint is {EndPoint}")]
    public static partial void Invited(ILogger logger, IdentityName peer, IPEndPoint endPoint);

    [LoggerMessage(102, LogLevel.Information, "Exchanged introductions with {Peer} in {Milliseconds:0} ms; its endpoint is {EndPoint}")]
    public static partial void Exchanged(ILogger logger, IdentityName peer, IPEndPoint endPoint, double milliseconds);

    [LoggerMessage(103, LogLevel.Information, "The passage to {Peer} at {EndPoint} is open, {Milliseconds:0} ms after its start")]
    public static partial void Open(ILogger logger, IdentityName peer, IPEndPoint endPoint, double milliseconds);

    [LoggerMessage(104, LogLevel.Warning, "No passage to {Peer}, it failed at {Stage}: {Reason}")]
    public static partial void AttemptFailed(ILogger logger, IdentityName peer, PlexusStage stage, string reason);

    [LoggerMessage(105, LogLevel.Information, "The oldest attempt of {Peer} gives way to its newest invitation")]
    public static partial void GaveWay(ILogger logger, IdentityName peer);

    [LoggerMessage(106, LogLevel.Warning, "The answer to {Peer} may not have arrived: {Reason}")]
    public static partial void AnswerNotTaken(ILogger logger, IdentityName peer, string reason);

    [LoggerMessage(107, LogLevel.Debug, "A later answer of {Peer} is of no use: {Reason}")]
    public static partial void NoLaterAnswer(ILogger logger, IdentityName peer, string reason);

    [LoggerMessage(108, LogLevel.Error, "A handler of failed attempts has thrown an exception")]
    public static partial void HandlerFailed(ILogger logger, Exception exception);

    [LoggerMessage(109, LogLevel.Warning, "An introduction of {Peer} is in the form of the original, although {Peer} has had this program before: somebody may be showing an old one, so it is dropped. If {Peer} went back to the original, remove its line from {Memory}")]
    public static partial void Reverted(ILogger logger, IdentityName peer, string memory);

    [LoggerMessage(110, LogLevel.Warning, "Which peers have this program cannot be remembered: {Reason}")]
    public static partial void NotRemembered(ILogger logger, string reason);
}
