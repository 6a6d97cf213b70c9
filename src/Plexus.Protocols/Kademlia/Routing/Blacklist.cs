using System.Net;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>Endpoints that answered a search without a token: nothing more is taken from them.</summary>
internal sealed class Blacklist
{
    // Some hundred kilobytes. The oldest makes room, so that nobody fills it for good.
    private const int Capacity = 1024;

    private readonly HashSet<IPEndPoint> _endPoints = [];
    private readonly Queue<IPEndPoint> _order = new();

    public void Add(IPEndPoint endPoint)
    {
        if (!_endPoints.Add(endPoint)) return;
        _order.Enqueue(endPoint);
        if (_order.Count > Capacity) _endPoints.Remove(_order.Dequeue());
    }

    public bool Contains(IPEndPoint endPoint) => _endPoints.Count > 0 && _endPoints.Contains(endPoint);
}
