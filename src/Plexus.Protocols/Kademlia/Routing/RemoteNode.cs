using System.Net;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>What is known of another node. One object an id; it lives in the <see cref="NodeTable"/> while something refers to it.</summary>
/// <param name="id">Its id; claimed, not authenticated.</param>
/// <param name="endPoint">Where it was heard, or said to be.</param>
internal sealed class RemoteNode(InfoHash id, IPEndPoint endPoint)
{
    /// <summary>Not heard for this long, a node is no longer good.</summary>
    public static readonly TimeSpan HeardLifetime = TimeSpan.FromMinutes(10);

    /// <summary>No answer for this long, a node is no longer good, however much it says.</summary>
    public static readonly TimeSpan ReplyLifetime = TimeSpan.FromMinutes(120);

    /// <summary>How long a write token is used; the giver keeps it valid for at least 15 minutes.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(10);

    /// <summary>More refused tokens than this in a row, and the node counts as expired.</summary>
    private const int MaxAuthenticationErrors = 3;

    // RFC 6298 section 2: the weight of a new sample in the smoothed round trip.
    private const int RoundTripWeight = 8;

    private byte[]? _token;
    private Instant _tokenAt;
    private int _authenticationErrors;

    public InfoHash Id { get; } = id;

    public IPEndPoint EndPoint { get; private set; } = endPoint;

    /// <summary>It wants no requests of others: never asked, never listed. Its first message decides.</summary>
    public bool IsClient { get; private set; }

    /// <summary>The last message of any kind from it.</summary>
    public Instant? LastHeard { get; set; }

    /// <summary>Its last answer to a request of ours.</summary>
    public Instant? LastReply { get; set; }

    /// <summary>It let a request time out, or misbehaved. Any message from it ends that.</summary>
    public bool IsExpired { get; set; }

    /// <summary>The smoothed round trip; null before the first answer to a request that was sent once.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    /// <summary>Requests of ours that it has not answered yet.</summary>
    public int Pending { get; set; }

    /// <summary>Buckets, searches, requests and registrations that hold this node.</summary>
    public int References { get; set; }

    public bool IsGood(Instant now) =>
        !IsExpired && LastReply is { } reply && now - reply <= ReplyLifetime && LastHeard is { } heard && now - heard <= HeardLifetime;

    public bool IsOld(Instant now) => LastHeard is not { } heard || now - heard > HeardLifetime;

    public bool IsRemovable(Instant now) => IsExpired && IsOld(now);

    public void OnHeard(bool isClient, Instant now)
    {
        if (LastHeard is null) IsClient = isClient;
        LastHeard = now;
        IsExpired = false;
    }

    /// <summary>Tokens depend on our address alone, in every known implementation: one serves all keys.</summary>
    public byte[]? Token(Instant now) => _token is not null && now - _tokenAt <= TokenLifetime ? _token : null;

    public void KeepToken(byte[] token, Instant now)
    {
        _token = token;
        _tokenAt = now;
    }

    public void ForgetToken() => _token = null;

    public void OnRoundTrip(TimeSpan sample) =>
        RoundTrip = RoundTrip is { } smoothed ? smoothed + (sample - smoothed) / RoundTripWeight : sample;

    /// <summary>A token was refused.</summary>
    public void OnAuthenticationError()
    {
        ForgetToken();
        if (++_authenticationErrors > MaxAuthenticationErrors) IsExpired = true;
    }

    /// <summary>A token was accepted.</summary>
    public void OnAuthenticated() => _authenticationErrors = 0;

    /// <summary>It was proved to be elsewhere.</summary>
    public void MoveTo(IPEndPoint endPoint)
    {
        EndPoint = endPoint;
        RoundTrip = null;
    }

    /// <summary>Our own connection changed: nothing known about reaching this node holds any more.</summary>
    public void OnConnectivityChanged()
    {
        LastHeard = null;
        IsExpired = false;
        RoundTrip = null;
        ForgetToken();
    }

    public override string ToString() => $"{Id} {EndPoint}";
}
