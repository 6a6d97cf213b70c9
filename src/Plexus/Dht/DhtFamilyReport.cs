using System.Net;

namespace Plexus.Dht;

/// <summary>What a node knows and has done in one address family.</summary>
/// <param name="LocalEndPoint">Where it listens.</param>
/// <param name="IsClient">Whether it keeps out of others' tables.</param>
/// <param name="Status">How it is connected.</param>
/// <param name="TableSize">Nodes in the routing table.</param>
/// <param name="GoodNodes">Nodes that answer.</param>
/// <param name="ReportedAddress">Our address as most nodes see it; not proved.</param>
/// <param name="Keys">Keys under which something is stored or listened for here.</param>
/// <param name="Values">Values stored here.</param>
/// <param name="Received">Datagrams received.</param>
/// <param name="Sent">Datagrams sent.</param>
internal sealed record DhtFamilyReport(
    IPEndPoint LocalEndPoint,
    bool IsClient,
    DhtStatus Status,
    int TableSize,
    int GoodNodes,
    IPAddress? ReportedAddress,
    int Keys,
    int Values,
    long Received,
    long Sent);
