using System.Net;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>One decoded datagram. What the datagram did not carry has the value that its absence means.</summary>
/// <remarks>docs/protocols/opendht.md, "Messages". <see cref="KademliaWriter"/> writes what this reads.</remarks>
internal sealed class KademliaMessage
{
    public KademliaMessageKind Kind { get; init; }

    /// <summary>Which request it is; <see cref="KademliaRequest.None"/> for all other kinds.</summary>
    public KademliaRequest Request { get; init; }

    /// <summary>Joins a reply to its request; the socket id in legacy pushes.</summary>
    public uint TransactionId { get; init; }

    /// <summary>0 is the public network.</summary>
    public uint NetworkId { get; init; }

    /// <summary>Whether the sender wants to stay out of routing tables.</summary>
    public bool IsClient { get; init; }

    /// <summary>The sender's id, not authenticated; zero when missing, and always in parts.</summary>
    public InfoHash Sender { get; set; }

    /// <summary>Our address as the responder saw it.</summary>
    public IPAddress? ReportedAddress { get; set; }

    /// <summary>The key of the values; zero when missing.</summary>
    public InfoHash Key { get; set; }

    /// <summary>What a find looks for; zero when missing.</summary>
    public InfoHash Target { get; set; }

    /// <summary>The write token, of any length; empty when missing.</summary>
    public ReadOnlyMemory<byte> Token { get; set; }

    /// <summary>The IPv4 nodes, at most <see cref="KademliaReader.MostNodes"/>. Not filtered.</summary>
    public IReadOnlyList<NodeEntry> Nodes4 { get; set; } = [];

    /// <summary>The IPv6 nodes, at most <see cref="KademliaReader.MostNodes"/>. Not filtered.</summary>
    public IReadOnlyList<NodeEntry> Nodes6 { get; set; } = [];

    /// <summary>The families wanted in a node list; null means the one of the datagram.</summary>
    public WantedFamilies? Want { get; set; }

    /// <summary>The query of a get or listen; <see cref="ValueQuery.Everything"/> when missing.</summary>
    public ValueQuery Query { get; set; } = ValueQuery.Everything;

    /// <summary>The values that are complete. Undecodable ones are left out.</summary>
    public IReadOnlyList<DhtValue> Values { get; set; } = [];

    /// <summary>The values that follow in parts. Oversize ones are left out.</summary>
    public IReadOnlyList<AnnouncedValue> Announced { get; set; } = [];

    /// <summary>The answer to a query that selects fields; null when missing.</summary>
    public IReadOnlyList<SelectedFields>? Fields { get; set; }

    /// <summary>When the value was created, in seconds since 1970; null means now.</summary>
    public ulong? Created { get; set; }

    /// <summary>The id of the value that is refreshed or acknowledged; 0 when missing.</summary>
    public ulong ValueId { get; set; }

    /// <summary>The id that the listener chose for its listen.</summary>
    public uint SocketId { get; set; }

    /// <summary>0 for legacy listeners, 1 for those that acknowledge updates.</summary>
    public int ListenVersion { get; set; }

    /// <summary>The ids of values whose life was prolonged.</summary>
    public IReadOnlyList<ulong> Refreshed { get; set; } = [];

    /// <summary>The ids of values that are gone.</summary>
    public IReadOnlyList<ulong> Expired { get; set; } = [];

    /// <summary>The code of an error (<see cref="KademliaError"/>).</summary>
    public ulong ErrorCode { get; init; }

    /// <summary>The pieces that a part carries.</summary>
    public IReadOnlyList<ValuePart> Parts { get; init; } = [];

    /// <summary>Reads a datagram; false for what must be dropped without an answer.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out KademliaMessage? message) =>
        KademliaReader.TryRead(datagram, out message);
}
