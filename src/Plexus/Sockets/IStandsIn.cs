namespace Plexus.Sockets;

/// <summary>A stream whose own loop can watch over local sockets, too, in the moments in which it is awake anyway.</summary>
internal interface IStandsIn
{
    /// <summary>Stands in for a thread from now on, now and then, until the stream ends.</summary>
    void StandInFor(ReadinessThread thread);
}
