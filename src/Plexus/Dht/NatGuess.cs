using System.Net;
using System.Net.Sockets;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>Guesses from the local address alone whether a NAT is between us and the network.</summary>
internal sealed class NatGuess(IDatagramNetwork network, IReadOnlyList<EndpointName> bootstrap)
{
    // Addresses for documentation (RFC 5737, RFC 3849): the route to the internet is looked up, nothing is sent.
    private static readonly IPAddress SomewhereV4 = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress SomewhereV6 = IPAddress.Parse("2001:db8::1");

    /// <summary>The local address from which a bootstrap host, or else the internet, is reached; null without a route.</summary>
    public IPAddress? LocalAddress(AddressFamily family) => network.LocalAddressTowards(Remote(family));

    /// <summary>Whether our address is private while that of the network is not, as far as can be told without asking.</summary>
    public bool IsBehindNat(AddressFamily family) =>
        LocalAddress(family) is { } local && IsPrivate(local) && !IsPrivate(Remote(family));

    private static bool IsPrivate(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? address.IsIPv6UniqueLocal || address.IsIPv6LinkLocal || IPAddress.IsLoopback(address)
            : bytes[0] is 10 or 127 // RFC 1918, loopback
                || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16)
                || (bytes[0] == 192 && bytes[1] == 168)
                || (bytes[0] == 169 && bytes[1] == 254) // link-local
                || (bytes[0] == 100 && (bytes[1] & 0xc0) == 64); // RFC 6598, the carriers' own
    }

    private IPAddress Remote(AddressFamily family)
    {
        foreach (EndpointName name in bootstrap)
        {
            if (IPAddress.TryParse(name.Host, out IPAddress? literal) && literal.AddressFamily == family) return literal;
        }

        return family == AddressFamily.InterNetworkV6 ? SomewhereV6 : SomewhereV4;
    }
}
