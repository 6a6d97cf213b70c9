using System.Net;
using System.Net.Sockets;

namespace Plexus.Protocols.Kademlia;

/// <summary>What a <see cref="KademliaNode"/> is told at its start.</summary>
internal sealed record KademliaOptions
{
    /// <summary>Our own id, the same in both address families. Keep it between runs.</summary>
    public required InfoHash Id { get; init; }

    /// <summary>True for the IPv6 network, which is a table of its own; false for IPv4.</summary>
    public bool IsV6 { get; init; }

    /// <summary>Messages of other networks are dropped. 0, the default, is the public network.</summary>
    public uint NetworkId { get; init; }

    /// <summary>
    /// Asks others neither to list us nor to send us their requests. For short runs; a node that stays serves.
    /// The default is false.
    /// </summary>
    public bool IsClient { get; init; }

    /// <summary>
    /// How long after its acknowledgement a registration to listen is renewed. The default, 20 s, keeps NAT
    /// mappings alive (they are commonly forgotten after 30 s); a stable public address may take 290 s.
    /// </summary>
    public TimeSpan ListenRenewal { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>What others may store here, in bytes with overhead. The default is 64 MiB, as in OpenDHT.</summary>
    public long StorageLimit { get; init; } = 64 << 20;

    /// <summary>Values under one key. The default is 1,024: OpenDHT allows 65,536, more than any reply could carry.</summary>
    public int MaxValuesPerKey { get; init; } = 1024;

    /// <summary>Registrations of others to listen here. The default is 16,384.</summary>
    public int MaxListeners { get; init; } = 16_384;

    /// <summary>Registrations to listen from one address (IPv6: /64). The default is 256.</summary>
    public int MaxListenersPerAddress { get; init; } = 256;

    /// <summary>Searches of our own at a time, each for one key. The default is 4,096.</summary>
    public int MaxSearches { get; init; } = 4096;

    /// <summary>Requests answered per second from one address (IPv6: /64). The default is 1,024.</summary>
    public int RequestsPerSecondAndAddress { get; init; } = 1024;

    /// <summary>Requests answered per second. The default is 8,192.</summary>
    public int RequestsPerSecond { get; init; } = 8192;

    /// <summary>Whether an endpoint belongs to the network that this node is in.</summary>
    public bool IsOurFamily(IPEndPoint endPoint) =>
        endPoint.AddressFamily == (IsV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
}
