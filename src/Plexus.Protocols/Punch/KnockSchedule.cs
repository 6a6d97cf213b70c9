namespace Plexus.Protocols.Punch;

/// <summary>When to knock: often at first, then as often as the original.</summary>
internal sealed class KnockSchedule(Instant start)
{
    /// <summary>The original's pace.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(1.6);

    // Most doors open at the first knock; a lost one shall cost no second and a half.
    private static readonly TimeSpan[] Early =
    [
        TimeSpan.Zero,
        TimeSpan.FromMilliseconds(100),
        TimeSpan.FromMilliseconds(200),
        TimeSpan.FromMilliseconds(400),
        TimeSpan.FromMilliseconds(800),
    ];

    private int _count;

    public Instant Next => start + (_count < Early.Length ? Early[_count] : Pace * (_count - Early.Length + 1));

    /// <summary>True when a knock is due. Several that were missed are one.</summary>
    public bool TryTake(Instant now)
    {
        if (now < Next) return false;
        while (Next <= now) _count++;
        return true;
    }
}
