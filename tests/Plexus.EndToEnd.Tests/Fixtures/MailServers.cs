using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>Debian's Dovecot and Postfix with a configuration of their own: IMAP, SMTP with TLS and STARTTLS, and some mailboxes.</summary>
internal sealed class MailServers : IDisposable
{
    public const string Password = "a password, with blanks";

    private const int Terminate = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly NamespaceHost? _host;
    private readonly MailServersOptions _options;
    private readonly string _folder;
    private readonly ServerCertificate _certificate = new();
    private Process? _dovecot;

    /// <param name="host">Where they run; null is this machine's own loopback, on free ports.</param>
    /// <param name="options">How they differ from the usual.</param>
    public MailServers(NamespaceHost? host, MailServersOptions options)
    {
        (_host, _options) = (host, options);
        Address = host?.Address ?? IPAddress.Loopback;
        Ports = host is null ? MailPorts.Free() : MailPorts.Usual;
        // Dovecot's own users must reach their folders: below /tmp, and open.
        _folder = Directory.CreateTempSubdirectory("plexus-mail-").FullName;
        Open(_folder);
        foreach (string folder in (string[])["mail", "queue", "queue/pid", "data", "postfix"]) Directory.CreateDirectory(Of(folder));
        Open(Of("mail"));
        File.WriteAllText(Of("ca.crt"), _certificate.Authority.ExportCertificatePem() + "\n");
        File.WriteAllText(Of("password"), Password + "\n");
        _certificate.Write(Of("server.crt"), Of("server.key"), Address, options.IsExpired);
        SystemTool.Run(SystemTool.Prepare("chown", "postfix", Of("data")));
        MailConfiguration.Write(_folder, Address, Ports, options);
    }

    /// <summary>Why they cannot run here; null when they can.</summary>
    public static string? WhyNot =>
        SystemTool.Find("dovecot") is null || !File.Exists("/usr/lib/dovecot/lmtp") ? "The program 'dovecot' (dovecot-imapd, dovecot-lmtpd) is not installed."
        : SystemTool.Find("postfix") is null ? "The program 'postfix' is not installed."
        : Environment.UserName != "root" ? "Postfix is started by root only."
        : null;

    public IPAddress Address { get; }

    public MailPorts Ports { get; }

    /// <summary>The file of <c>--email-ca</c>.</summary>
    public string AuthorityFile => Of("ca.crt");

    /// <summary>The file of <c>--email-password-file</c>.</summary>
    public string PasswordFile => Of("password");

    /// <summary>What both servers have logged.</summary>
    public string Log => Read("dovecot.log") + Read("postfix.log");

    /// <summary>Starts both, and waits until they answer.</summary>
    public async Task StartAsync()
    {
        StartDovecot();
        using (Process postfix = Start("postfix", "-c", Of("postfix"), "start"))
        {
            await postfix.WaitForExitAsync();
            if (postfix.ExitCode != 0) throw new InvalidOperationException($"Postfix did not start.\n{Log}");
        }

        foreach (int port in Ports.All) await ListensAsync(port);
    }

    /// <summary>Ends Dovecot, and with it every connection to it.</summary>
    public void StopDovecot()
    {
        if (_dovecot is null) return;
        int[] children = [.. ChildrenOf(_dovecot.Id)]; // They would serve their clients on.
        _ = Libc.Kill(_dovecot.Id, Terminate);
        _dovecot.WaitForExit();
        foreach (int child in children) _ = Libc.Kill(child, Terminate);
        _dovecot.Dispose();
        _dovecot = null;
    }

    public async Task RestartDovecotAsync()
    {
        StopDovecot();
        StartDovecot();
        await ListensAsync(Ports.Imaps);
    }

    /// <summary>The account that reads somebody's letters.</summary>
    public string LoginOf(string address) => _options.Shared ?? address;

    /// <summary>The folder of somebody's inbox.</summary>
    public string Maildir(string address) => Of($"mail/{address}");

    /// <summary>The files of all letters of an inbox.</summary>
    public string[] Letters(string address) =>
        [.. ((string[])["new", "cur"]).Select(folder => Path.Combine(Maildir(address), folder)).Where(Directory.Exists).SelectMany(Directory.GetFiles)];

    public void Dispose()
    {
        StopDovecot();
        StopPostfix();
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static IEnumerable<int> ChildrenOf(int parent)
    {
        string file = $"/proc/{parent}/task/{parent}/children";
        return File.Exists(file) ? File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse) : [];
    }

    private void StopPostfix()
    {
        string file = Of("queue/pid/master.pid");
        if (!File.Exists(file)) return;
        // Not read by ourselves: Postfix locks it, and the framework asks for locks.
        if (!int.TryParse(SystemTool.Run(SystemTool.Prepare("cat", file)).Trim(), out int master)) return;
        _ = Libc.Kill(master, Terminate);
        SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{master}"), TimeSpan.FromSeconds(5));
    }

    private static void Open(string folder) => File.SetUnixFileMode(
        folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
            | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);

    private string Of(string name) => Path.Combine(_folder, name);

    private string Read(string name) => File.Exists(Of(name)) ? File.ReadAllText(Of(name)) : "";

    private void StartDovecot() => _dovecot = Start("dovecot", "-F", "-c", Of("dovecot.conf"));

    private Process Start(string program, params string[] arguments)
    {
        ProcessStartInfo start = SystemTool.Prepare(program, arguments);
        return _host?.Start(start) ?? Process.Start(start)!;
    }

    private Task ListensAsync(int port) => Eventually.Async(
        () =>
        {
            try
            {
                using Socket socket = _host is null ? Tcp() : _host.Namespace.Run(Tcp);
                socket.Connect(Address, port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        },
        Patience,
        () => string.Create(CultureInfo.InvariantCulture, $"Nothing listens on {port}.\n{Log}"));

    private Socket Tcp() => new(Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
}
