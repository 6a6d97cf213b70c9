using System.Globalization;

namespace Plexus.Lab;

/// <summary>The loop of virtual time: first all that can run now, then the next event of the clock.</summary>
internal sealed class LabLoop(LabClock clock, Func<IEnumerable<string>> waiting)
{
    // A scenario that does this much without a step of the clock goes round in circles.
    private const int MostContinuationsAtOnce = 5_000_000;

    private const int MostNamesInText = 12;

    // Real time, before a deadlock is declared: code that escaped to the thread pool may yet come back and say so.
    private static readonly TimeSpan LastGrace = TimeSpan.FromMilliseconds(300);

    private readonly LabContext _context = new();
    private int _continuations;

    /// <summary>How many continuations came from other threads. Not zero: the run was not deterministic.</summary>
    public int ForeignPosts => _context.ForeignPosts;

    /// <summary>
    /// The real time to wait for other threads before each step of the clock, for a scenario that reads files or uses code of
    /// others that leaves the context. The default, zero, is for deterministic runs.
    /// </summary>
    public TimeSpan Patience { get; set; }

    internal void Run(Func<Task> scenario, TimeSpan limit) => _context.Own(() =>
    {
        TimeSpan end = clock.Now + limit;
        Task task = scenario();
        while (!task.IsCompleted)
        {
            if (TryDoOne(end)) continue;
            if (_context.WaitForForeign(LastGrace) || task.IsCompleted) continue;
            throw Stuck(clock.PendingCount > 0 ? $"The limit of {limit} has passed" : "Nothing is left to happen", "is not finished");
        }

        task.GetAwaiter().GetResult();
    });

    internal bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        bool holds = false;
        _context.Own(() =>
        {
            TimeSpan end = clock.Now + limit;
            while (!(holds = condition()) && TryDoOne(end))
            {
            }
        });
        return holds;
    }

    private bool TryDoOne(TimeSpan end)
    {
        if (_context.TryRunOne())
        {
            if (++_continuations > MostContinuationsAtOnce) throw Stuck("The scenario goes round in circles", "waits");
            return true;
        }

        if (Patience > TimeSpan.Zero && _context.WaitForForeign(Patience)) return true;
        _continuations = 0;
        return clock.TryStep(end);
    }

    private LabException Stuck(string what, string how)
    {
        List<string> names = [.. waiting()];
        string list = string.Join(", ", names.Take(MostNamesInText));
        if (names.Count > MostNamesInText) list += ", ...";
        return new LabException(string.Create(CultureInfo.InvariantCulture,
            $"{what} at {clock.Now.TotalSeconds:0.000} s, and the scenario {how}: {clock.PendingCount} timers or datagrams are due later; {
                names.Count} sockets wait{(list.Length > 0 ? " (" + list + ")" : "")}; {
                ForeignPosts} continuations came from other threads."));
    }
}
