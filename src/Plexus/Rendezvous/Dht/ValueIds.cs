namespace Plexus.Rendezvous.Dht;

/// <summary>Gives out value ids: the time in Unix seconds, but never the same twice and never a smaller one.</summary>
/// <remarks>
/// Acceptors compare ids with their clock and storing nodes keep the first value under an id, so two invitations of one
/// second need two ids.
/// </remarks>
internal sealed class ValueIds(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private ulong _last;

    public ulong Next()
    {
        ulong now = (ulong)clock.GetUtcNow().ToUnixTimeSeconds();
        lock (_lock) return _last = Math.Max(now, _last + 1);
    }
}
