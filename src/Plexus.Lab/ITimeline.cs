namespace Plexus.Lab;

/// <summary>When things happen in the laboratory: virtual time, or the real one.</summary>
internal interface ITimeline
{
    /// <summary>The clock that shells and cores read.</summary>
    TimeProvider Clock { get; }

    /// <summary>The time since the laboratory began.</summary>
    TimeSpan Now { get; }

    /// <summary>True when time stands still while code runs.</summary>
    bool IsVirtual { get; }

    /// <summary>Does something after a while. What is due at the same time happens in the order of these calls.</summary>
    void Schedule(TimeSpan after, Action action);
}
