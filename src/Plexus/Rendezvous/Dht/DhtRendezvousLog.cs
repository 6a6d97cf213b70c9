using Microsoft.Extensions.Logging;
using Plexus.Identities;

namespace Plexus.Rendezvous.Dht;

/// <summary>What the rendezvous over the DHT tells in the log. Event ids 300 to 399.</summary>
internal static partial class DhtRendezvousLog
{
    [LoggerMessage(300, LogLevel.Debug, "Invitation {Id} goes to {Peer}")]
    public static partial void Inviting(ILogger logger, IdentityName peer, ulong id);

    [LoggerMessage(301, LogLevel.Debug, "A value {Id} at the key of our answers is not the peer's: {Reason}")]
    public static partial void AnswerDropped(ILogger logger, ulong id, string reason);

    [LoggerMessage(302, LogLevel.Information, "Waiting for invitations")]
    public static partial void Waiting(ILogger logger);

    [LoggerMessage(303, LogLevel.Debug, "Invitation {Id} of {Peer} is dropped: {Reason}")]
    public static partial void InvitationDropped(ILogger logger, IdentityName peer, ulong id, InvitationVerdict reason);

    [LoggerMessage(304, LogLevel.Warning, "An invitation of {Peer} is {Minutes:0} minutes off our clock and is dropped; check the clocks of both machines")]
    public static partial void ClockDiffers(ILogger logger, IdentityName peer, double minutes);

    [LoggerMessage(305, LogLevel.Warning, "Somebody who is not in the repository, or not let in, invites us; its key is {KeyId}. This is told once")]
    public static partial void Stranger(ILogger logger, string keyId);

    [LoggerMessage(306, LogLevel.Warning, "A value signed by {Peer} holds no introduction for us and is dropped: {Reason}")]
    public static partial void Unreadable(ILogger logger, IdentityName peer, string reason);

    [LoggerMessage(307, LogLevel.Debug, "Answering invitation {Id} of {Peer}")]
    public static partial void Answering(ILogger logger, IdentityName peer, ulong id);

    [LoggerMessage(308, LogLevel.Warning, "{Peer} introduces itself in a newer form than this program reads; update it")]
    public static partial void Newer(ILogger logger, IdentityName peer);
}
