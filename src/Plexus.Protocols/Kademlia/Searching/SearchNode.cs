using Plexus.Protocols.Kademlia.Routing;

namespace Plexus.Protocols.Kademlia.Searching;

/// <summary>A node as one search sees it.</summary>
/// <param name="hops">How many answers led to it: 0 when it was known at the start.</param>
internal sealed class SearchNode(RemoteNode node, int hops)
{
    // A node that refuses its own tokens so often would have us ask for ever.
    private const int MaxRefusals = 3;

    public RemoteNode Node { get; } = node;

    public int Hops { get; } = hops;

    /// <summary>The pending find or get.</summary>
    public PendingRequest? Ask { get; set; }

    /// <summary>Its last answer with a token to this search.</summary>
    public Instant? TokenReply { get; set; }

    /// <summary>It takes long to answer: others are asked in its place.</summary>
    public bool IsCandidate { get; set; }

    /// <summary>Tokens of its own that it refused, in this search.</summary>
    public int Refusals { get; set; }

    /// <summary>Gets that it has answered.</summary>
    public List<GetOperation> Answered { get; } = new(0);

    /// <summary>Our registration with it.</summary>
    public ListenSocket? Socket { get; set; }

    public bool IsBad => Node.IsExpired || Node.IsClient || IsCandidate || Refusals > MaxRefusals;

    public bool HasAnswered(Instant now) => TokenReply is { } reply && now - reply <= RemoteNode.TokenLifetime;

    /// <summary>It can be written to, and was reached by this search.</summary>
    public bool IsSynced(Instant now) => !IsBad && HasAnswered(now) && Node.Token(now) is not null;

    /// <summary>It refused its token: it has to be asked again.</summary>
    public void OnRefused(Instant now, Transactions transactions)
    {
        Refusals++;
        TokenReply = null;
        Node.OnAuthenticationError();
        if (Node.IsExpired) transactions.Expire(Node, now);
    }
}
