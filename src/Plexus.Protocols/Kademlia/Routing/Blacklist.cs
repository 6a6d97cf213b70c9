using System.Net;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>Endpoints that answered a search without a token: nothing more is taken from them for a while.</summary>
/// <remarks>
/// OpenDHT shuns them for ever. But a single datagram of somebody who saw our question and was faster can bear an honest
/// node's address: that must not cut us off from the network for longer than it goes on.
/// </remarks>
internal sealed class Blacklist
{
    /// <summary>How long an endpoint is shunned: a node without tokens costs a datagram so often.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);

    // Some hundred kilobytes. The oldest makes room, so that nobody fills it for good.
    private const int Capacity = 1024;

    private readonly Dictionary<IPEndPoint, Instant> _endPoints = [];
    private readonly Queue<IPEndPoint> _order = new();

    public void Add(IPEndPoint endPoint, Instant now)
    {
        bool isNew = !_endPoints.ContainsKey(endPoint);
        _endPoints[endPoint] = now + Duration;
        if (!isNew) return;
        _order.Enqueue(endPoint);
        if (_order.Count > Capacity) _endPoints.Remove(_order.Dequeue());
    }

    public bool Contains(IPEndPoint endPoint, Instant now) => _endPoints.TryGetValue(endPoint, out Instant until) && now < until;
}
