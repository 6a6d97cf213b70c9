using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Plexus.EndToEnd.Fixtures;

namespace Plexus.Bench;

/// <summary>A way from a client of this machine to a service of it: straight, or through two processes.</summary>
internal sealed class TunnelWay : IDisposable
{
    public const string Straight = "tcp";
    public const string Ssh = "ssh -L";
    public const string Program = "wormhole"; // The native program as it ships, without encryption.
    public const string MaskedProgram = "wormhole+secret";

    private const string PrivilegeSeparation = "/run/sshd"; // Debian's sshd wants this folder, which its service makes.

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<Process> _processes = [];
    private readonly DirectoryInfo? _folder;

    private TunnelWay(int port, DirectoryInfo? folder, params Process[] processes)
    {
        (Port, _folder) = (port, folder);
        _processes.AddRange(processes);
    }

    /// <summary>Where clients connect.</summary>
    public int Port { get; }

    /// <summary>What both processes keep in memory, in bytes.</summary>
    public long Memory => _processes.Sum(static process =>
    {
        process.Refresh();
        return process.WorkingSet64;
    });

    /// <summary>Opens a way.</summary>
    /// <param name="kind"><see cref="Straight"/>, <see cref="Ssh"/>, <see cref="Program"/>, <see cref="MaskedProgram"/>, or layers as of <see cref="StreamEnds"/>.</param>
    /// <param name="service">The port of the service.</param>
    /// <param name="options">The benchmark's.</param>
    public static async Task<TunnelWay> OpenAsync(string kind, int service, Options options)
    {
        if (kind == Straight) return new TunnelWay(service, null);
        if (kind == Ssh) return await OpenSshAsync(service);
        if (kind is Program or MaskedProgram)
        {
            TunnelWay way = OpenProgram(service, isMasked: kind == MaskedProgram);
            return await AnswersAsync(way.Port) ? way : throw Failed(way, "wormhole does not listen");
        }

        (Process exporter, int gateway) = await StartAsync(options.With("kind", kind).With("role", "exporter"), service);
        (Process importer, int port) = await StartAsync(options.With("kind", kind).With("role", "importer"), gateway);
        return new TunnelWay(port, null, exporter, importer);
    }

    public void Dispose()
    {
        foreach (Process process in _processes)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            process.Dispose();
        }

        _folder?.Delete(recursive: true);
    }

    private static async Task<(Process Process, int Port)> StartAsync(Options options, int port)
    {
        Process process = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!, ["tunnel-end", .. options.With("port", port.ToString(CultureInfo.InvariantCulture)).Arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        string line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("an end of the tunnel has not started");
        return (process, int.Parse(line, CultureInfo.InvariantCulture));
    }

    private static TunnelWay OpenProgram(int service, bool isMasked)
    {
        string program = Path.Combine(Path.GetDirectoryName(PlexusProgram.Path)!, "wormhole");
        int exporter = FreePort(), importer = FreePort(), port = FreePort();
        return new TunnelWay(port, null, Start("export", service, exporter, importer), Start("import", port, importer, exporter));

        Process Start(string purpose, int tcp, int own, int other)
        {
            ProcessStartInfo start = new(program,
            [
                $"--purpose={purpose}", $"--service=127.0.0.1:{tcp}", $"--gateway=127.0.0.1:{own}", $"--faraway=127.0.0.1:{other}", "--log-level=error",
            ])
            {
                RedirectStandardOutput = true, // A line or two.
            };
            if (isMasked) start.Environment["WORMHOLE_SECRET"] = "4711";
            return Process.Start(start)!;
        }
    }

    private static async Task<TunnelWay> OpenSshAsync(int service)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("plexus-bench-ssh-");
        string Named(string name) => Path.Combine(folder.FullName, name);
        foreach (string key in (string[])["host", "user"])
        {
            using Process made = Process.Start("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", Named(key)]);
            await made.WaitForExitAsync();
        }

        File.Copy(Named("user.pub"), Named("authorized"));
        int daemonPort = FreePort(), port = FreePort();
        File.WriteAllLines(Named("sshd.conf"),
        [
            $"Port {daemonPort}", "ListenAddress 127.0.0.1", $"HostKey {Named("host")}", $"AuthorizedKeysFile {Named("authorized")}", "PidFile none",
            "StrictModes no", "UsePAM no", "PermitRootLogin yes", "PasswordAuthentication no",
        ]);
        Directory.CreateDirectory(PrivilegeSeparation);
        Process daemon = Process.Start("/usr/sbin/sshd", ["-D", "-q", "-f", Named("sshd.conf")]);
        TunnelWay way = new(port, folder, daemon);
        if (!await AnswersAsync(daemonPort)) throw Failed(way, "sshd does not start");
        way._processes.Add(Process.Start("ssh",
        [
            "-N", "-q", "-F", "none", "-i", Named("user"), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
            "-L", $"127.0.0.1:{port}:127.0.0.1:{service}", "-p", $"{daemonPort}", $"{Environment.UserName}@127.0.0.1",
        ]));
        if (!await AnswersAsync(port)) throw Failed(way, "ssh does not come in");
        return way;
    }

    private static InvalidOperationException Failed(TunnelWay way, string message)
    {
        way.Dispose();
        return new InvalidOperationException(message);
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Patience; await Task.Delay(50))
        {
            using TcpClient client = new();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port);
                return true;
            }
            catch (SocketException)
            {
                // Not yet.
            }
        }

        return false;
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
