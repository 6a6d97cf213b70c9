namespace Plexus.Protocols.Kademlia.Searching;

/// <summary>How often one operation may write to nodes that are not proved to be the closest. docs/decisions/0003-eager-dht.md.</summary>
/// <param name="near">Writes to nodes that have answered the search and are among the eight closest known by then.</param>
internal sealed class EagerBudget(int near)
{
    /// <summary>Writes to anybody else: what makes one round trip suffice where most nodes of lists never answer.</summary>
    private const int Far = 3;

    private int _near = near;
    private int _far = Far;

    public bool TrySpend(bool isNear)
    {
        if (isNear ? _near == 0 : _far == 0) return false;
        if (isNear) _near--;
        else _far--;
        return true;
    }
}
