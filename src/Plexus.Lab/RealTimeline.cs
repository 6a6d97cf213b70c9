namespace Plexus.Lab;

/// <summary>The laboratory in real time, for a demonstration within one process.</summary>
/// <remarks>One timer wakes it; what is due happens on its thread, one thing after another.</remarks>
internal sealed class RealTimeline : ITimeline, IDisposable
{
    private readonly PriorityQueue<Action, (long Due, long Sequence)> _events = new();
    private readonly Lock _gate = new(); // The order of what happens.
    private readonly ITimer _timer;
    private readonly long _start;
    private long _sequence;
    private bool _disposed;

    public RealTimeline(TimeProvider clock)
    {
        Clock = clock;
        _start = clock.GetTimestamp();
        _timer = clock.CreateTimer(_ => RunDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public TimeProvider Clock { get; }

    public TimeSpan Now => Clock.GetElapsedTime(_start);

    public bool IsVirtual => false;

    public void Schedule(TimeSpan after, Action action)
    {
        lock (_events)
        {
            if (_disposed) return;
            long due = (Now + (after > TimeSpan.Zero ? after : TimeSpan.Zero)).Ticks;
            bool isFirst = !_events.TryPeek(out _, out var first) || due < first.Due;
            _events.Enqueue(action, (due, _sequence++));
            if (isFirst) Arm(due);
        }
    }

    public void Dispose()
    {
        lock (_events)
        {
            _disposed = true;
            _events.Clear();
        }

        _timer.Dispose();
    }

    private void RunDue()
    {
        lock (_gate)
        {
            while (TryTake(out Action? action)) action();
        }
    }

    private bool TryTake(out Action action)
    {
        lock (_events)
        {
            action = static () => { };
            if (!_events.TryPeek(out Action? next, out var key)) return false;
            if (key.Due > Now.Ticks)
            {
                Arm(key.Due);
                return false;
            }

            _events.Dequeue();
            action = next;
            return true;
        }
    }

    private void Arm(long due)
    {
        // A timer's tick is a millisecond: rounding up spares a wake-up that comes too early.
        double wait = Math.Ceiling((due - Now.Ticks) / (double)TimeSpan.TicksPerMillisecond);
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, wait)), Timeout.InfiniteTimeSpan);
    }
}
