namespace Plexus.Rendezvous.Email;

/// <summary>How long to wait before a server is tried again: longer each time, never for ever, and never in step with others.</summary>
/// <param name="random">Gives numbers from 0 to 1.</param>
internal sealed class MailPause(Func<double> random)
{
    // A broken line comes back within minutes; five minutes keep a server that is down for a day from seeing more than 300 attempts.
    private static readonly TimeSpan[] Quick = [.. new[] { 1, 2, 4, 8, 15, 30, 60, 120, 300 }.Select(static s => TimeSpan.FromSeconds(s))];

    // Providers lock accounts after some tens of wrong passwords an hour; a quarter of an hour stays far below.
    private static readonly TimeSpan[] Slow = [.. new[] { 60, 300, 900 }.Select(static s => TimeSpan.FromSeconds(s))];

    private static readonly TimeSpan LongEnough = TimeSpan.FromMinutes(1); // A connection that lasted this long was a good one.

    private int _quick;
    private int _slow;

    /// <summary>The next pause.</summary>
    /// <param name="failure">What has just happened.</param>
    /// <param name="lasted">How long the connection lasted before it; zero when there was none.</param>
    public TimeSpan After(MailException failure, TimeSpan lasted)
    {
        if (lasted > TimeSpan.Zero) _slow = 0; // It had let us in.
        if (lasted >= LongEnough) _quick = 0;
        TimeSpan pause = failure.NeedsTheUser ? Slow[Math.Min(_slow++, Slow.Length - 1)] : Quick[Math.Min(_quick++, Quick.Length - 1)];
        return pause * (0.75 + random() / 2); // Acceptors that lost the same server do not come back all at once.
    }
}
