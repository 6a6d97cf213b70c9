using System.Diagnostics;

namespace Plexus;

/// <summary>Measures one stage of one attempt, for the log, the metrics and the traces at once.</summary>
internal readonly struct StageTimer : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly string _stage;
    private readonly string _role;
    private readonly Activity? _activity;

    public StageTimer(PlexusStage stage, string role, TimeProvider clock)
        : this(PlexusTelemetry.NameOf(stage), role, clock)
    {
    }

    /// <param name="stage">The name of the stage, or of what comprises several.</param>
    /// <param name="role">Whose side of the attempt.</param>
    /// <param name="clock">The clock.</param>
    public StageTimer(string stage, string role, TimeProvider clock)
    {
        (_stage, _role, _clock, _start) = (stage, role, clock, clock.GetTimestamp());
        _activity = PlexusTelemetry.Activities.StartActivity($"plexus.{stage}");
        _activity?.SetTag("role", role);
    }

    /// <summary>Milliseconds since the stage began.</summary>
    public double Milliseconds => _clock.GetElapsedTime(_start).TotalMilliseconds;

    public void Dispose()
    {
        PlexusTelemetry.StageDuration.Record(
            Milliseconds, new("stage", _stage), new("role", _role));
        _activity?.Dispose();
    }
}
