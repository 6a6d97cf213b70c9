using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Plexus.Protocols;

/// <summary>The addresses that one party can be assumed to hold: one IPv4 address, or one IPv6 /64.</summary>
/// <remarks>Limits and quotas count per group. Ports are disregarded.</remarks>
internal readonly record struct AddressGroup(bool IsIPv6, ulong Prefix)
{
    public static AddressGroup Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new AddressGroup(true, BinaryPrimitives.ReadUInt64BigEndian(bytes))
            : new AddressGroup(false, BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }
}
