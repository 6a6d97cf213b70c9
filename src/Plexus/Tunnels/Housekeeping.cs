namespace Plexus.Tunnels;

/// <summary>Calls those that wait for time to pass, about once a second; nobody, no timer.</summary>
internal sealed class Housekeeping(TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly HashSet<LocalSide> _sides = [];
    private readonly long _start = clock.GetTimestamp();
    private ITimer? _timer;

    /// <summary>The time that <see cref="LocalSide.Tick"/> is told.</summary>
    public TimeSpan Now => clock.GetElapsedTime(_start);

    public void Add(LocalSide side)
    {
        lock (_lock)
        {
            _sides.Add(side);
            _timer ??= clock.CreateTimer(static self => ((Housekeeping)self!).Tick(), this, Interval, Interval);
        }
    }

    public void Remove(LocalSide side)
    {
        lock (_lock)
        {
            if (!_sides.Remove(side) || _sides.Count > 0) return;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void Tick()
    {
        LocalSide[] sides;
        lock (_lock) sides = [.. _sides];
        foreach (LocalSide side in sides) side.Tick(Now);
    }
}
