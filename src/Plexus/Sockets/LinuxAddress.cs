using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Plexus.Sockets;

/// <summary>Endpoints as Linux's <c>sockaddr_in</c> and <c>sockaddr_in6</c>.</summary>
internal static class LinuxAddress
{
    //  0      2      4              8                    24         28
    // | family| port | IPv4 address | (8 bytes of zero)  |
    // | family| port | flow         | IPv6 address       | scope   |
    // The port and the addresses are big-endian, the family and the scope the machine's.
    internal const int Capacity = 28;

    private const ushort FamilyIPv4 = 2; // AF_INET
    private const ushort FamilyIPv6 = 10; // AF_INET6
    private const int IPv4Length = 16;

    /// <summary>Writes an endpoint into 28 bytes of zero.</summary>
    /// <returns>The length of the address.</returns>
    internal static int Write(IPEndPoint endpoint, Span<byte> into)
    {
        bool isIPv6 = endpoint.AddressFamily == AddressFamily.InterNetworkV6;
        MemoryMarshal.Write(into, isIPv6 ? FamilyIPv6 : FamilyIPv4);
        BinaryPrimitives.WriteUInt16BigEndian(into[2..], (ushort)endpoint.Port);
        if (!isIPv6)
        {
            endpoint.Address.TryWriteBytes(into[4..], out _);
            return IPv4Length;
        }

        endpoint.Address.TryWriteBytes(into[8..], out _);
        MemoryMarshal.Write(into[24..], (uint)endpoint.Address.ScopeId);
        return Capacity;
    }

    internal static IPEndPoint Read(ReadOnlySpan<byte> address)
    {
        int port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return MemoryMarshal.Read<ushort>(address) == FamilyIPv6
            ? new IPEndPoint(new IPAddress(address.Slice(8, 16), MemoryMarshal.Read<uint>(address[24..])), port)
            : new IPEndPoint(new IPAddress(address.Slice(4, 4)), port);
    }
}
