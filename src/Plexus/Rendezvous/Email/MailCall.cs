using System.Net.Sockets;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Plexus.Rendezvous.Email;

/// <summary>Makes one call to a server: with a limit, and with every failure in our words.</summary>
/// <param name="server">What the messages name.</param>
/// <param name="tls">Says why a certificate was refused.</param>
/// <param name="clock">The clock.</param>
internal sealed class MailCall(MailServer server, MailTls tls, TimeProvider clock)
{
    /// <summary>20 s: twice what an original gives a server.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private const int LongestQuote = 200; // Characters of a server's own words in a message.

    private string? _secret;

    /// <summary>What must not be repeated, even if the server says it.</summary>
    public void Hide(string secret) => _secret = secret;

    /// <summary>Makes a call.</summary>
    /// <exception cref="MailException">It failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task RunAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken) => RunAsync(
        async token =>
        {
            await call(token);
            return true;
        },
        cancellationToken);

    /// <inheritdoc cref="RunAsync(Func{CancellationToken, Task}, CancellationToken)"/>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(Limit, clock);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await call(stop.Token);
        }
        catch (Exception e) when (e is not MailException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Translate(e);
        }
    }

    // The causes are not handed on: a library's text may hold what a server repeats.
    private MailException Translate(Exception e) => e switch
    {
        OperationCanceledException or TimeoutException => new(MailFailure.Unreachable, $"The mail server {server} did not answer within {Limit.TotalSeconds:0} s."),
        SslHandshakeException or System.Security.Authentication.AuthenticationException when tls.Refusal is { } refusal => new(
            MailFailure.Untrusted, $"The certificate of the mail server {server} {refusal}."),
        SslHandshakeException => new(MailFailure.Unreachable, $"The mail server {server} does not speak TLS on this port, or broke it off."),
        NotSupportedException => new(MailFailure.Untrusted, $"The mail server {server} does not offer STARTTLS; nothing is said to it in clear text."),
        AuthenticationException when IsTemporary(e) => new(MailFailure.Busy, $"The mail server {server} cannot check logins now{Quote(e.Message)}."),
        AuthenticationException or SaslException => new(MailFailure.LoginRefused, $"The mail server {server} refuses the login{Quote(e.Message)}."),
        SmtpCommandException { ErrorCode: SmtpErrorCode.RecipientNotAccepted, Mailbox: { } to } command when IsFinal(command) => new(
            MailFailure.Refused, $"The mail server {server} does not deliver to {to.Address}{Quote(e.Message)}."),
        SmtpCommandException command when IsFinal(command) => new(MailFailure.Refused, $"The mail server {server} refuses the letter{Quote(e.Message)}."),
        SmtpCommandException or ImapCommandException => new(MailFailure.Busy, $"The mail server {server} cannot do it now{Quote(e.Message)}."),
        SocketException socket => new(MailFailure.Unreachable, $"The mail server {server} cannot be reached: {Reason(socket)}."),
        IOException { InnerException: SocketException socket } => new(MailFailure.Unreachable, $"The connection to the mail server {server} broke: {Reason(socket)}."),
        _ => new(MailFailure.Unreachable, $"The connection to the mail server {server} broke."),
    };

    private static string Reason(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name is unknown",
        SocketError.ConnectionRefused => "nothing listens there",
        _ => char.ToLowerInvariant(e.Message[0]) + e.Message[1..].TrimEnd('.'),
    };

    private static bool IsFinal(SmtpCommandException e) => (int)e.StatusCode >= 500;

    private static bool IsTemporary(Exception e) => e.InnerException is SmtpCommandException { StatusCode: < (SmtpStatusCode)500 and >= (SmtpStatusCode)400 }
        || e.Message.Contains("temporar", StringComparison.OrdinalIgnoreCase) || e.Message.Contains("unavailable", StringComparison.OrdinalIgnoreCase);

    private string Quote(string words)
    {
        if (_secret is { Length: > 0 } secret) words = words.Replace(secret, "***", StringComparison.Ordinal);
        words = string.Concat(words.Select(static c => char.IsControl(c) ? ' ' : c)).Trim().TrimEnd('.');
        return words.Length == 0 ? "" : $", it says: {(words.Length <= LongestQuote ? words : words[..LongestQuote] + "…")}";
    }
}
