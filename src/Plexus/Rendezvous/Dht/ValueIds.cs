namespace Plexus.Rendezvous.Dht;

/// <summary>Gives out value ids: the time in Unix seconds, but never the same twice and never a smaller one.</summary>
/// <remarks>
/// Acceptors compare ids with their clock and storing nodes keep the first value under an id, so two invitations of one
/// second need two ids, and an id that somebody else's value has is of no use.
/// </remarks>
internal sealed class ValueIds(TimeProvider clock)
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
            ulong id = Math.Max(now, _last + 1);
            while (isTaken?.Invoke(id) == true && id < now + MostAhead) id++;
            return _last = id;
        }
    }
}
