using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Plexus;

/// <summary>What an observer can subscribe to: one activity and one duration a stage, and how attempts end.</summary>
/// <remarks>Both sources are called <c>Plexus</c>. They cost nothing while nobody listens.</remarks>
internal static class PlexusTelemetry
{
    private const string Name = "Plexus";

    private static readonly Meter Meter = new(Name);

    public static ActivitySource Activities { get; } = new(Name);

    /// <summary>How long a stage took, in milliseconds; tags <c>stage</c>, <c>role</c>.</summary>
    public static Histogram<double> StageDuration { get; } = Meter.CreateHistogram<double>(
        "plexus.stage.duration", "ms", "How long a stage of an attempt took.");

    /// <summary>Attempts that ended; tags <c>role</c>, and <c>stage</c> where one failed.</summary>
    public static Counter<long> Attempts { get; } = Meter.CreateCounter<long>(
        "plexus.attempts", "{attempt}", "Attempts that ended, by role, and by the stage where they failed.");

    /// <summary>Things from the network that were dropped at the rendezvous; tag <c>reason</c>.</summary>
    public static Counter<long> RendezvousDrops { get; } = Meter.CreateCounter<long>(
        "plexus.rendezvous.drops", "{message}", "Messages at the rendezvous that were not for us, forged, stale or malformed.");

    /// <summary>Bytes of data that tunnels carried; tag <c>direction</c>, which is <c>sent</c> or <c>received</c>.</summary>
    public static Counter<long> TunnelBytes { get; } = Meter.CreateCounter<long>(
        "plexus.tunnel.bytes", "By", "Bytes of connections and flows that tunnels carried.");

    /// <summary>Connections and flows that tunnels made to exported services; tag <c>outcome</c>: <c>open</c>, <c>refused</c>.</summary>
    public static Counter<long> TunnelConnections { get; } = Meter.CreateCounter<long>(
        "plexus.tunnel.connections", "{connection}", "Connections and flows to exported services, by how their opening ended.");

    /// <summary>Counts a connection to an exported service.</summary>
    public static void TunnelOpened(bool isRefused) =>
        TunnelConnections.Add(1, new KeyValuePair<string, object?>("outcome", isRefused ? "refused" : "open"));

    /// <summary>Counts what a tunnel has carried.</summary>
    public static void TunnelCarried(long sent, long received)
    {
        if (!TunnelBytes.Enabled) return;
        if (sent > 0) TunnelBytes.Add(sent, new KeyValuePair<string, object?>("direction", "sent"));
        if (received > 0) TunnelBytes.Add(received, new KeyValuePair<string, object?>("direction", "received"));
    }

    /// <summary>The stage's name in metrics and traces.</summary>
    public static string NameOf(PlexusStage stage) => stage switch
    {
        PlexusStage.Settings => "settings",
        PlexusStage.Identity => "identity",
        PlexusStage.Exploration => "exploration",
        PlexusStage.Rendezvous => "rendezvous",
        PlexusStage.Punching => "punching",
        _ => "payload",
    };

    /// <summary>Counts an attempt that gave a passage.</summary>
    public static void Succeeded(string role) => Attempts.Add(1, new KeyValuePair<string, object?>("role", role));

    /// <summary>Counts an attempt that ended otherwise.</summary>
    public static void Failed(string role, Exception why) => Attempts.Add(
        1, new("role", role), new("stage", why is PlexusException e ? NameOf(e.Stage) : "cancelled"));
}
