using Microsoft.Extensions.Logging;
using Plexus.Identities;

namespace Plexus.Rendezvous;

/// <summary>What several rendezvous at once tell in the log. Event ids 390 to 399.</summary>
internal static partial class CombinedLog
{
    [LoggerMessage(390, LogLevel.Warning, "One way of the rendezvous cannot be used, the others go on: {Reason}")]
    public static partial void WayFailed(ILogger logger, string reason);

    [LoggerMessage(391, LogLevel.Debug, "The answer to {Peer} did not go every way: {Reason}")]
    public static partial void AnswerNotTaken(ILogger logger, IdentityName peer, string reason);
}
