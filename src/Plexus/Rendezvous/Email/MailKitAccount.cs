using System.Net;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Plexus.Rendezvous.Email;

/// <summary>An account on real servers, over MailKit.</summary>
internal sealed class MailKitAccount(EmailRendezvousOptions options, TimeProvider clock) : IMailAccount
{
    public async Task<IMailbox> OpenMailboxAsync(CancellationToken cancellationToken)
    {
        ImapClient client = new();
        try
        {
            MailCall call = await LogInAsync(client, options.Imap, cancellationToken);
            FolderAccess access = options.Consumed == ConsumedLetters.Keep ? FolderAccess.ReadOnly : FolderAccess.ReadWrite;
            await call.RunAsync(token => client.Inbox!.OpenAsync(access, token), cancellationToken);
            return await ImapMailbox.OpenAsync(client, call, clock, cancellationToken);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public async Task<IOutbox> OpenOutboxAsync(CancellationToken cancellationToken)
    {
        SmtpClient client = new();
        try
        {
            return new SmtpOutbox(client, await LogInAsync(client, options.Smtp, cancellationToken));
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private async Task<MailCall> LogInAsync(MailService client, MailServer server, CancellationToken cancellationToken)
    {
        MailTls tls = new(options, server.Name);
        tls.Apply(client);
        MailCall call = new(server, tls, clock);
        SecureSocketOptions security = server.StartsPlain ? SecureSocketOptions.StartTls : SecureSocketOptions.SslOnConnect;
        await call.RunAsync(token => client.ConnectAsync(server.Name.Host, server.Name.Port, security, token), cancellationToken);
        string secret = await options.Secret.ReadAsync(cancellationToken); // As late as can be: it may be a token of minutes.
        call.Hide(secret);
        await call.RunAsync(
            async token =>
            {
                try
                {
                    await AuthenticateAsync(client, secret, token);
                }
                catch (NotSupportedException)
                {
                    throw new MailException(MailFailure.LoginRefused, $"The mail server {server} offers no way to log in that is known here.");
                }
            },
            cancellationToken);
        return call;
    }

    private Task AuthenticateAsync(MailService client, string secret, CancellationToken cancellationToken)
    {
        HashSet<string> offered = client.AuthenticationMechanisms;
        if (options.Secret.IsToken)
        {
            SaslMechanism oauth = offered.Contains("OAUTHBEARER") ? new SaslMechanismOAuthBearer(options.Login, secret) : new SaslMechanismOAuth2(options.Login, secret);
            return client.AuthenticateAsync(oauth, cancellationToken);
        }

        // One mechanism, so that a wrong password counts once at the provider. Where anybody may be the server, the library
        // takes the strongest first, which does not show the password.
        if (!options.AcceptsAnyServer)
        {
            if (offered.Contains("PLAIN")) return client.AuthenticateAsync(new SaslMechanismPlain(options.Login, secret), cancellationToken);
            if (offered.Contains("LOGIN")) return client.AuthenticateAsync(new SaslMechanismLogin(options.Login, secret), cancellationToken);
        }

        offered.Remove("OAUTHBEARER");
        offered.Remove("XOAUTH2");
        return client.AuthenticateAsync(new NetworkCredential(options.Login, secret), cancellationToken);
    }
}
