using System.Net;
using Microsoft.Extensions.Logging;

namespace Plexus.Exploration;

/// <summary>What exploration tells in the log. Event ids 200 to 299.</summary>
internal static partial class ExplorationLog
{
    [LoggerMessage(210, LogLevel.Information, "Our endpoint is {Outer} (inner {Inner}), known after {Milliseconds:0} ms")]
    public static partial void Known(ILogger logger, IPEndPoint outer, IPEndPoint inner, double milliseconds);

    [LoggerMessage(211, LogLevel.Warning, "No socket could be explored ahead of the next invitation; the next try is in {Seconds:0} s. {Reason}")]
    public static partial void NoSpare(ILogger logger, double seconds, string reason);
}
