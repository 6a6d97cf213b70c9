namespace Plexus.Rendezvous.Dht;

/// <summary>Gives out value ids: the time in Unix seconds, but never the same twice and never a smaller one.</summary>
/// <remarks>
/// Acceptors compare ids with their clock and storing nodes keep the first value under an id, so two invitations of one
/// second need two ids, and an id that another value has is of no use: an answer is known by its id alone, so an inviter
/// that is started twice in a second would take the answer to its first run for one to its second.
/// </remarks>
/// <param name="clock">The clock.</param>
/// <param name="last">Keeps the last id for the next process; null keeps it in memory.</param>
internal sealed class ValueIds(TimeProvider clock, LastIdFile? last = null)
{
    /// <summary>Five minutes: an acceptor takes an id that is ahead of its clock by no more than this and the clocks' difference.</summary>
    private const int MostAhead = 5 * 60;

    private readonly Lock _lock = new();
    private ulong _last;

    /// <param name="isTaken">Whether an id is in use; null when nothing is known.</param>
    public ulong Next(Func<ulong, bool>? isTaken = null)
    {
        ulong now = (ulong)clock.GetUtcNow().ToUnixTimeSeconds();
        lock (_lock)
        {
            return _last = last?.Advance(Choose) ?? Choose(0);
        }

        ulong Choose(ulong before)
        {
            // A last id that is far ahead was written while the clock was wrong.
            ulong id = Math.Max(now, Math.Max(_last, before > now + MostAhead ? 0 : before) + 1);
            while (isTaken?.Invoke(id) == true && id < now + MostAhead) id++;
            return id;
        }
    }
}
