namespace Plexus.Rendezvous.Email;

/// <summary>How a mailbox is watched.</summary>
/// <param name="ShortestPoll">The first pause between two looks, where the server does not tell by itself.</param>
/// <param name="LongestPoll">What the pauses grow to while nothing comes.</param>
/// <param name="Idle">How long the server may stay silent before we look ourselves: some tell nothing although they say they do.</param>
/// <param name="Eager">
/// How long after the opening the server is asked every quarter of a second although it would tell: some hold their notices back for
/// half a second, and somebody waits.
/// </param>
/// <param name="OldestWaiting">The age at which a letter that lies there when we come is stale; null where none counts.</param>
/// <param name="OldestComing">The age at which a letter that comes later is stale.</param>
/// <param name="EndsWhenTheUserIsNeeded">Whether a refused login is the end; else it is tried again for ever.</param>
internal sealed record WatchTimes(
    TimeSpan ShortestPoll, TimeSpan LongestPoll, TimeSpan Idle, TimeSpan Eager, TimeSpan? OldestWaiting, TimeSpan OldestComing, bool EndsWhenTheUserIsNeeded);
