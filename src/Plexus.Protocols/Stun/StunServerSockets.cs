using System.Net;

namespace Plexus.Protocols.Stun;

/// <summary>The endpoints of a STUN server as its clients see them: one or two addresses, each with one or two ports.</summary>
/// <remarks>
/// The sockets are numbered: bit 0 is the alternate port, bit 1 the alternate address. So socket 3 answers a request
/// to socket 0 that wishes both changed.
/// </remarks>
internal sealed class StunServerSockets
{
    private const int PortBit = 1;
    private const int AddressBit = 2;

    private readonly IPEndPoint?[] _endpoints;

    /// <param name="address">The primary address.</param>
    /// <param name="port">The primary port.</param>
    /// <param name="alternateAddress">A second address of the same family; null without.</param>
    /// <param name="alternatePort">A second port; null without.</param>
    public StunServerSockets(IPAddress address, int port, IPAddress? alternateAddress = null, int? alternatePort = null)
    {
        if (alternateAddress is not null
            && (alternateAddress.Equals(address) || alternateAddress.AddressFamily != address.AddressFamily))
            throw new ArgumentException("The addresses must differ, in one family.", nameof(alternateAddress));
        if (alternatePort == port) throw new ArgumentException("The ports must differ.", nameof(alternatePort));
        _endpoints =
        [
            new(address, port),
            alternatePort is { } second ? new(address, second) : null,
            alternateAddress is null ? null : new(alternateAddress, port),
            alternateAddress is null || alternatePort is not { } other ? null : new(alternateAddress, other),
        ];
    }

    /// <summary>The numbers of the sockets that exist, in their order.</summary>
    public IEnumerable<int> Numbers => Enumerable.Range(0, _endpoints.Length).Where(n => _endpoints[n] is not null);

    public bool HasTwoAddresses => _endpoints[AddressBit] is not null;

    public IPEndPoint this[int number] => _endpoints[number] ?? throw new ArgumentOutOfRangeException(nameof(number));

    /// <summary>The socket that differs from this one as wished; null when there is none.</summary>
    public int? Changed(int number, StunChange change)
    {
        int wished = number
            ^ (change.HasFlag(StunChange.Port) ? PortBit : 0)
            ^ (change.HasFlag(StunChange.Address) ? AddressBit : 0);
        return _endpoints[wished] is null ? null : wished;
    }

    /// <summary>The socket that differs most: in both, else in the address, else in the port, else the same one.</summary>
    public int Other(int number) =>
        Changed(number, StunChange.Address | StunChange.Port)
        ?? Changed(number, StunChange.Address)
        ?? Changed(number, StunChange.Port)
        ?? number;
}
