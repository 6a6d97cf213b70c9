using System.Net;
using Microsoft.Extensions.Logging;
using Plexus.Identities;

namespace Plexus.Punching;

/// <summary>What punching tells in the log. Event ids 400 to 499.</summary>
internal static partial class PunchingLog
{
    [LoggerMessage(400, LogLevel.Information, "Punching towards {EndPoint} of {Peer} as {Role}")]
    public static partial void Punching(ILogger logger, IPEndPoint endPoint, IdentityName peer, string role);

    [LoggerMessage(401, LogLevel.Information, "Punched in {Milliseconds:0} ms: {Sent} frames sent, {Heard} heard, {Foreign} foreign datagrams")]
    public static partial void Punched(ILogger logger, double milliseconds, int sent, int heard, int foreign);

    [LoggerMessage(402, LogLevel.Information, "{Peer} answers from {Actual}, not from {Planned}: its NAT gives each destination another port")]
    public static partial void PeerReflexive(ILogger logger, IdentityName peer, IPEndPoint actual, IPEndPoint planned);
}
