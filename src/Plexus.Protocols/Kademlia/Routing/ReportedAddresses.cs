using System.Net;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>Our own address as others see it. A single node may lie: what counts is what most say.</summary>
internal sealed class ReportedAddresses
{
    /// <summary>Distinct addresses kept; the least reported makes room.</summary>
    public const int Capacity = 32;

    private readonly List<(IPAddress Address, int Count)> _addresses = [];

    /// <summary>The address reported most often; null before the first report.</summary>
    public IPAddress? Best => _addresses.Count == 0 ? null : _addresses.MaxBy(reported => reported.Count).Address;

    public void Add(IPAddress address)
    {
        int index = _addresses.FindIndex(reported => reported.Address.Equals(address));
        if (index >= 0)
        {
            _addresses[index] = (address, _addresses[index].Count + 1);
            return;
        }

        if (_addresses.Count >= Capacity) _addresses.Remove(_addresses.MinBy(reported => reported.Count));
        _addresses.Add((address, 1));
    }

    public void Clear() => _addresses.Clear();
}
