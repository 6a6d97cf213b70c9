namespace Plexus.Protocols.Kademlia;

/// <summary>A recurring duty that is one method.</summary>
internal sealed class TimedAction(Action<Instant> action) : Timed
{
    public override void OnDue(Instant now) => action(now);
}
