namespace Plexus.Protocols.Kademlia;

/// <summary>Something that an <see cref="Agenda"/> calls when its time has come.</summary>
internal abstract class Timed
{
    /// <summary>When <see cref="OnDue"/> is wanted; null while it is not on the agenda.</summary>
    public Instant? Due { get; internal set; }

    /// <summary>The place in the agenda's heap.</summary>
    internal int AgendaIndex { get; set; } = -1;

    /// <summary>The time has come. The item has left the agenda and may enter it again.</summary>
    public abstract void OnDue(Instant now);
}
