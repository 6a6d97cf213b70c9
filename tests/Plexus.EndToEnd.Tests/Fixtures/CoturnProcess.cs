using System.Globalization;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>Debian's <c>turnserver</c> (coturn) as a STUN server of two addresses and two ports, RFC 5780.</summary>
internal sealed class CoturnProcess(NamespaceHost host, int port = 3478) : ProgramRun(host, "turnserver", Arguments(host, port))
{
    /// <summary>Why it cannot run here; null when it can.</summary>
    public static string? WhyNot => SystemTool.Find("turnserver") is null ? "The program 'turnserver' (coturn) is not installed." : null;

    /// <summary>What others give as STUN server.</summary>
    public string Address { get; } = string.Create(CultureInfo.InvariantCulture, $"{host.Address}:{port}");

    /// <summary>Waits until it listens.</summary>
    public Task ReadyAsync() => Eventually.BoundAsync(Host, port, () => $"{this} does not listen.\n{Output}");

    private static string[] Arguments(NamespaceHost host, int port) =>
    [
        "-n", "-L", $"{host.Addresses[0]}", "-L", $"{host.Addresses[1]}",
        "-p", port.ToString(CultureInfo.InvariantCulture),
        $"--alt-listening-port={(port + 1).ToString(CultureInfo.InvariantCulture)}",
        "--no-tls", "--no-dtls", "--no-auth", "--no-cli", "--stun-only", "--log-file=stdout",
        $"--pidfile={Path.Combine(Path.GetTempPath(), $"{host.Namespace.Name}.pid")}",
    ];
}
