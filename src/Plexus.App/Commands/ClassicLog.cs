using Microsoft.Extensions.Logging;
using Plexus.Identities;

namespace Plexus.App.Commands;

/// <summary>The records of the classic run, besides those of the stages. None holds a secret.</summary>
internal static partial class ClassicLog
{
    [LoggerMessage(7000, LogLevel.Information, "Started {Command} as process {ProcessId} for {Peer}, {Milliseconds:0.0} ms after the passage opened")]
    public static partial void Started(ILogger logger, string command, int processId, IdentityName peer, double milliseconds);

    [LoggerMessage(7001, LogLevel.Information, "Process {ProcessId} for {Peer} ended with status {Status}")]
    public static partial void Ended(ILogger logger, int processId, IdentityName peer, int status);

    [LoggerMessage(7002, LogLevel.Error, "Process {ProcessId} for {Peer} failed with status {Status}")]
    public static partial void Failed(ILogger logger, int processId, IdentityName peer, int status);

    [LoggerMessage(7003, LogLevel.Error, "The passage to {Peer} is not served any more: {Reason}")]
    public static partial void NotServed(ILogger logger, IdentityName peer, string reason);

    [LoggerMessage(7004, LogLevel.Information, "Accepting as {Host}; let in is {Peers}")]
    public static partial void Waiting(ILogger logger, IdentityName host, IdentityName peers);

    [LoggerMessage(7005, LogLevel.Information, "Asked to stop; commands that run go on")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(7006, LogLevel.Warning, "--exec-args, --exec-pwd or --exec-log has %secret%, which others on this machine can read; let the command take PLEXUS_SECRET from its environment")]
    public static partial void SecretOnShow(ILogger logger);

    [LoggerMessage(7007, LogLevel.Warning, "The certificate of {Name} expired on {Expires:yyyy-MM-dd}; it is used all the same")]
    public static partial void Expired(ILogger logger, IdentityName name, DateTimeOffset expires);

    [LoggerMessage(7008, LogLevel.Error, "{Complaint}")]
    public static partial void BadVariable(ILogger logger, string complaint);

    [LoggerMessage(7009, LogLevel.Error, "{Failure}")]
    public static partial void RunFailed(ILogger logger, string failure);

    [LoggerMessage(7010, LogLevel.Critical, "An unexpected failure, please report it")]
    public static partial void Unexpected(ILogger logger, Exception exception);

    [LoggerMessage(7011, LogLevel.Warning, "--email-password is on the command line, which others on this machine can read; --email-password-file, --email-password-command, PLEXUS_EMAIL_PASSWORD or the file of --config keep it from them")]
    public static partial void PasswordOnShow(ILogger logger);

    [LoggerMessage(7020, LogLevel.Information, "{Status}")]
    public static partial void TunnelStatus(ILogger logger, string status);

    [LoggerMessage(7021, LogLevel.Information, "The earlier tunnel of {Peer} gives way to its new one")]
    public static partial void TunnelGaveWay(ILogger logger, IdentityName peer);
}
