using System.Globalization;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>Debian's <c>dhtnode</c>: OpenDHT itself.</summary>
internal sealed class DhtNodeProcess(NamespaceHost host, int network, int port = 4222, string? bootstrap = null)
    : ProgramRun(host, "dhtnode", Arguments(network, port, bootstrap))
{
    /// <summary>Why it cannot run here; null when it can.</summary>
    public static string? WhyNot => SystemTool.Find("dhtnode") is null ? "The program 'dhtnode' (OpenDHT) is not installed." : null;

    /// <summary>What others give as bootstrap.</summary>
    public string Address { get; } = string.Create(CultureInfo.InvariantCulture, $"{host.Address}:{port}");

    /// <summary>Waits until it listens.</summary>
    public Task ReadyAsync() => Eventually.BoundAsync(Host, port, () => $"{this} does not listen.\n{Output}");

    private static string[] Arguments(int network, int port, string? bootstrap)
    {
        string[] own = ["-v", "-n", network.ToString(CultureInfo.InvariantCulture), "-p", port.ToString(CultureInfo.InvariantCulture)];
        return bootstrap is null ? own : [.. own, "-b", bootstrap];
    }
}
