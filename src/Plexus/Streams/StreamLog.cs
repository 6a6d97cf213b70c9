using Microsoft.Extensions.Logging;
using Plexus.Identities;

namespace Plexus.Streams;

/// <summary>What streams tell in the log. Event ids 710 to 719.</summary>
internal static partial class StreamLog
{
    [LoggerMessage(710, LogLevel.Information, "The stream with {Peer} is open, {Milliseconds:0} ms after the passage, encrypted")]
    public static partial void Encrypted(ILogger logger, IdentityName peer, double milliseconds);

    [LoggerMessage(711, LogLevel.Warning, "The stream with {Peer} is open, {Milliseconds:0} ms after the passage, and NOT encrypted: the peer cannot")]
    public static partial void Unencrypted(ILogger logger, IdentityName peer, double milliseconds);
}
