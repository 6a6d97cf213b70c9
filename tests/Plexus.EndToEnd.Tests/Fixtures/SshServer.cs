using System.Globalization;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>OpenSSH's server on a loopback port of a machine, for one throwaway key.</summary>
internal sealed class SshServer : IDisposable
{
    private readonly Machine _machine;
    private readonly ProgramRun _run;

    public SshServer(Machine machine, int port)
    {
        _machine = machine;
        Port = port;
        MakeKey("host_key");
        MakeKey("user_key");
        File.Copy(machine.FileNamed("user_key.pub"), machine.FileNamed("authorized_keys"));
        Directory.CreateDirectory("/run/sshd"); // sshd wants it for its separated half, and Debian makes it only for the service.
        File.WriteAllText(machine.FileNamed("sshd_config"),
            $"""
            Port {port.ToString(CultureInfo.InvariantCulture)}
            ListenAddress 127.0.0.1
            HostKey {machine.FileNamed("host_key")}
            AuthorizedKeysFile {machine.FileNamed("authorized_keys")}
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin prohibit-password

            """);
        // By its whole path: sshd starts itself anew for each connection.
        _run = machine.RunOther(SystemTool.Find("sshd")!, ["-D", "-e", "-f", machine.FileNamed("sshd_config")]);
    }

    /// <summary>Why it cannot run here; null when it can.</summary>
    public static string? WhyNot =>
        SystemTool.Find("sshd") is null || SystemTool.Find("ssh") is null ? "OpenSSH is not installed." : null;

    public int Port { get; }

    /// <summary>What the server has printed.</summary>
    public string Output => _run.Output;

    /// <summary>Runs a command by ssh from another machine, through a local port there.</summary>
    public ProgramRun RunFrom(Machine machine, int port, string command) => machine.RunOther(
        SystemTool.Find("ssh")!,
        [
            "-F", "none", "-i", _machine.FileNamed("user_key"), "-p", port.ToString(CultureInfo.InvariantCulture),
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
            $"{Environment.UserName}@127.0.0.1", command,
        ]);

    public void Dispose() => _run.Dispose();

    private void MakeKey(string name) =>
        SystemTool.Run(SystemTool.Prepare("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _machine.FileNamed(name)));
}
