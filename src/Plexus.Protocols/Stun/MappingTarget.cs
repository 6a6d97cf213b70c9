using System.Net;

namespace Plexus.Protocols.Stun;

/// <summary>One address and port that is asked what it sees of our socket, once or again and again.</summary>
internal sealed class MappingTarget(IPEndPoint endpoint, bool isAlternate)
{
    /// <summary>The endpoint that the caller named, or that a server gave as its other one.</summary>
    public IPEndPoint EndPoint { get; } = endpoint;

    /// <summary>Whom we really ask: <see cref="EndPoint"/>, or the server it sent us to.</summary>
    public IPEndPoint Destination { get; private set; } = endpoint;

    public bool IsAlternate { get; } = isAlternate;

    /// <summary>The question that is open, if any.</summary>
    public StunTransaction? Pending { get; private set; }

    /// <summary>The latest answer; null before the first, and after a later question that was not answered.</summary>
    public MappingObservation? Observation { get; private set; }

    /// <summary>Why there is no observation, for a message; null while there is one or may come one.</summary>
    public string? Failure { get; private set; }

    public void Ask(StunTransactionId id, Instant now, TimeSpan limit) => Pending = new(Destination, id, now, limit);

    /// <summary>Follows error 300, once.</summary>
    public bool TryRedirect(IPEndPoint? to)
    {
        if (to is null || !Destination.Equals(EndPoint) || !StunDestination.IsUsable(to, EndPoint.AddressFamily)) return false;
        Destination = to;
        return true;
    }

    /// <summary>Takes an answer. One that says nothing new keeps its time, so that the order of the servers stays.</summary>
    /// <returns>Whether it says something new.</returns>
    public bool Succeed(IPEndPoint mapped, Instant now)
    {
        bool isNews = Observation?.Mapped.Equals(mapped) != true;
        if (isNews) Observation = new(Destination, mapped, now, Pending!.RoundTrip(now), IsAlternate);
        (Pending, Failure) = (null, null);
        return isNews;
    }

    public void Fail(string why) => (Observation, Pending, Failure) = (null, null, why);
}
