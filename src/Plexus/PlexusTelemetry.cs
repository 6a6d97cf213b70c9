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
