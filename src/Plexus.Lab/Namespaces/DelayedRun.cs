namespace Plexus.Lab.Namespaces;

/// <summary>Consecutive segments of one frame that are on their way.</summary>
internal struct DelayedRun
{
    /// <summary>Where the frame lies.</summary>
    public long Frame;

    /// <summary>How long the frame is.</summary>
    public int FrameLength;

    /// <summary>The first segment that has not arrived.</summary>
    public int First;

    /// <summary>How many have not arrived.</summary>
    public int Count;

    /// <summary>When the first of them arrives, in ticks.</summary>
    public long Due;

    /// <summary>The ticks from one of them to the next.</summary>
    public long Spacing;

    /// <summary>When the last arrives, in ticks: it may be shorter than the others.</summary>
    public long LastDue;

    /// <summary>How many have arrived by now.</summary>
    public readonly int CountDue(long now)
    {
        if (now < Due) return 0;
        if (now >= LastDue) return Count;
        return Spacing == 0 ? Count - 1 : (int)Math.Clamp(1 + ((now - Due) / Spacing), 1, Count - 1);
    }
}
