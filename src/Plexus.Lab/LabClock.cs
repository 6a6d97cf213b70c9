namespace Plexus.Lab;

/// <summary>A clock that moves only when nothing is left to do: from one event to the next.</summary>
/// <remarks>Timers and datagrams wait in one queue, ordered by time and then by the order in which they came.</remarks>
internal sealed class LabClock : TimeProvider, ITimeline
{
    // Any fixed date does; a program that reads the clock shall not see the year one.
    private static readonly DateTimeOffset FirstDay = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SortedSet<Event> _events = new(Comparer<Event>.Create(static (left, right) =>
        left.Due != right.Due ? left.Due.CompareTo(right.Due) : left.Sequence.CompareTo(right.Sequence)));

    private long _sequence;
    private long _now;

    /// <summary>The wall clock's reading at the start.</summary>
    public DateTimeOffset Epoch { get; set; } = FirstDay;

    public TimeSpan Now => TimeSpan.FromTicks(Volatile.Read(ref _now));

    public bool IsVirtual => true;

    /// <summary>How many timers and datagrams wait.</summary>
    public int PendingCount
    {
        get
        {
            lock (_events) return _events.Count;
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    TimeProvider ITimeline.Clock => this;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => Epoch + Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        LabTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Schedule(TimeSpan after, Action action) => Add(after, action);

    /// <summary>Moves to the next event and lets it happen.</summary>
    /// <returns>False when there is none, or none until the limit: the clock stands at the limit then.</returns>
    internal bool TryStep(TimeSpan limit)
    {
        Event next;
        lock (_events)
        {
            if (_events.Count == 0) return false;
            next = _events.Min!;
            if (next.Due > limit.Ticks)
            {
                Volatile.Write(ref _now, Math.Max(_now, limit.Ticks));
                return false;
            }

            _events.Remove(next);
            Volatile.Write(ref _now, next.Due);
        }

        next.Action();
        return true;
    }

    private Event Add(TimeSpan after, Action action)
    {
        lock (_events)
        {
            long due = after <= TimeSpan.Zero ? _now : after.Ticks > long.MaxValue - _now ? long.MaxValue : _now + after.Ticks;
            Event added = new(due, _sequence++, action);
            _events.Add(added);
            return added;
        }
    }

    private void Remove(Event gone)
    {
        lock (_events) _events.Remove(gone);
    }

    private sealed record Event(long Due, long Sequence, Action Action);

    private sealed class LabTimer(LabClock clock, TimerCallback callback, object? state) : ITimer
    {
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private Event? _next;
        private TimeSpan _period;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_disposed) return false;
            Cancel();
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan) _next = clock.Add(dueTime, Fire);
            return true;
        }

        public void Dispose()
        {
            _disposed = true;
            Cancel();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire()
        {
            _next = _period > TimeSpan.Zero ? clock.Add(_period, Fire) : null;
            if (_context is null) callback(state);
            else ExecutionContext.Run(_context, static timer => ((LabTimer)timer!).Call(), this);
        }

        private void Call() => callback(state);

        private void Cancel()
        {
            if (_next is { } next) clock.Remove(next);
            _next = null;
        }
    }
}
