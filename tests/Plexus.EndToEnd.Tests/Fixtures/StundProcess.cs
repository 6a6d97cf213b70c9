using System.Globalization;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>Debian's <c>stund</c> (stun-server 0.97): a server of RFC 3489 with two addresses and two ports.</summary>
internal sealed class StundProcess(NamespaceHost host, int port = 3478) : ProgramRun(
    host, "stund", "-h", $"{host.Addresses[0]}", "-a", $"{host.Addresses[1]}",
    "-p", port.ToString(CultureInfo.InvariantCulture), "-o", (port + 1).ToString(CultureInfo.InvariantCulture))
{
    /// <summary>Why it cannot run here; null when it can.</summary>
    public static string? WhyNot => SystemTool.Find("stund") is null ? "The program 'stund' (stun-server) is not installed." : null;

    /// <summary>Waits until it listens.</summary>
    public Task ReadyAsync() => Eventually.BoundAsync(Host, port, () => $"{this} does not listen.\n{Output}");
}
