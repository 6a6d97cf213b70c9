using System.Net;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>Writes the configurations of Dovecot and Postfix.</summary>
internal static class MailConfiguration
{
    // All of Dovecot's that matter here, but IDLE.
    private const string WithoutIdle = "protocol imap {\n  imap_capability = IMAP4rev1 SASL-IR LITERAL+ UIDPLUS ENABLE NAMESPACE ESEARCH\n}\n";

    public static void Write(string folder, IPAddress address, MailPorts ports, MailServersOptions options)
    {
        File.WriteAllLines(Path.Combine(folder, "users"), options.Mailboxes.Select(mailbox => $"{mailbox}:{{PLAIN}}{MailServers.Password}"));
        File.WriteAllText(Path.Combine(folder, "dovecot.conf"), Dovecot(folder, address, ports) + (options.CanIdle ? "" : WithoutIdle));
        File.WriteAllText(Path.Combine(folder, "postfix", "main.cf"), Postfix(folder, address, ports, options));
        File.WriteAllText(Path.Combine(folder, "postfix", "master.cf"), Services(address, ports));
    }

    private static string Dovecot(string folder, IPAddress address, MailPorts ports) => $$"""
        base_dir = {{folder}}/run
        state_dir = {{folder}}/state
        log_path = {{folder}}/dovecot.log
        protocols = imap lmtp
        listen = {{address}}
        ssl = required
        ssl_cert = <{{folder}}/server.crt
        ssl_key = <{{folder}}/server.key
        auth_mechanisms = plain login
        auth_failure_delay = 0
        mail_location = maildir:{{folder}}/mail/%u
        first_valid_uid = 1
        passdb {
          driver = passwd-file
          args = scheme=PLAIN {{folder}}/users
        }
        userdb {
          driver = static
          args = uid=nobody gid=nogroup home={{folder}}/mail/%u
        }
        service imap-login {
          inet_listener imap {
            port = {{ports.Imap}}
          }
          inet_listener imaps {
            port = {{ports.Imaps}}
            ssl = yes
          }
        }
        service lmtp {
          inet_listener lmtp {
            port = {{ports.Lmtp}}
          }
        }
        service auth {
          inet_listener {
            port = {{ports.Auth}}
          }
        }

        """;

    private static string Postfix(string folder, IPAddress address, MailPorts ports, MailServersOptions options)
    {
        string[] domains = [.. options.Mailboxes.Select(mailbox => mailbox.Split('@')[1]).Distinct()];
        string aliases = options.Shared is { } shared
            ? $"virtual_alias_maps = inline:{{ {string.Join(", ", options.Mailboxes.Where(mailbox => mailbox != shared).Select(mailbox => $"{{ {mailbox} = {shared} }}"))} }}"
            : "";
        return $$"""
            compatibility_level = 3.6
            queue_directory = {{folder}}/queue
            data_directory = {{folder}}/data
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            myhostname = localhost
            mydestination =
            inet_interfaces = {{address}}
            inet_protocols = ipv4
            virtual_mailbox_domains = {{string.Join(' ', domains)}}
            virtual_transport = lmtp:inet:{{address}}:{{ports.Lmtp}}
            {{aliases}}
            smtpd_tls_cert_file = {{folder}}/server.crt
            smtpd_tls_key_file = {{folder}}/server.key
            smtpd_tls_security_level = encrypt
            smtpd_tls_auth_only = yes
            smtpd_sasl_auth_enable = yes
            smtpd_sasl_type = dovecot
            smtpd_sasl_path = inet:{{address}}:{{ports.Auth}}
            smtpd_recipient_restrictions = permit_sasl_authenticated, reject
            smtpd_relay_restrictions = permit_sasl_authenticated, reject
            smtpd_peername_lookup = no
            alias_maps =
            alias_database =
            maillog_file_prefixes = /
            maillog_file = {{folder}}/postfix.log

            """;
    }

    private static string Services(IPAddress address, MailPorts ports) => $"""
        {address}:{ports.Smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
        {address}:{ports.Submission} inet n - n - - smtpd
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        tlsmgr unix - - n 1000? 1 tlsmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        verify unix - - n - 1 verify
        proxymap unix - - n - - proxymap
        error unix - - n - - error
        retry unix - - n - - error
        discard unix - - n - - discard
        lmtp unix - - n - - lmtp
        anvil unix - - n - 1 anvil
        scache unix - - n - 1 scache
        postlog unix-dgram n - n - 1 postlogd

        """;
}
