using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Plexus.Protocols.Stun;

/// <summary>The value of the address attributes, RFC 8489 sections 14.1 and 14.2.</summary>
internal static class StunAddress
{
    //  0              7 8            15 16           23 24           31
    // |       0       |    Family     |             Port              |
    // |                 Address (32 or 128 bits)                   ....
    private const int AddressOffset = 4;
    private const byte FamilyV4 = 1;
    private const byte FamilyV6 = 2;
    private const int LargestAddress = 16;

    public static int ValueLength(IPEndPoint endpoint) =>
        AddressOffset + (endpoint.AddressFamily == AddressFamily.InterNetworkV6 ? LargestAddress : 4);

    public static bool TryRead(ReadOnlySpan<byte> value, out IPEndPoint? endpoint) =>
        TryRead(value, port: 0, mask: default, out endpoint);

    /// <summary>Reads an address that is masked with the cookie and the id, so that no NAT rewrites it.</summary>
    public static bool TryReadXored(ReadOnlySpan<byte> value, StunTransactionId id, out IPEndPoint? endpoint)
    {
        Span<byte> mask = stackalloc byte[LargestAddress];
        id.Write(mask);
        return TryRead(value, BinaryPrimitives.ReadUInt16BigEndian(mask), mask, out endpoint);
    }

    public static void Write(Span<byte> value, IPEndPoint endpoint)
    {
        bool v6 = endpoint.AddressFamily == AddressFamily.InterNetworkV6;
        value[0] = 0;
        value[1] = v6 ? FamilyV6 : FamilyV4;
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], (ushort)endpoint.Port);
        if (!endpoint.Address.TryWriteBytes(value[AddressOffset..], out _))
            throw new ArgumentException("The space is too small for the address.", nameof(value));
    }

    public static void WriteXored(Span<byte> value, IPEndPoint endpoint, StunTransactionId id)
    {
        Span<byte> mask = stackalloc byte[LargestAddress];
        id.Write(mask);
        Write(value, endpoint);
        for (int i = 0; i < 2; i++) value[2 + i] ^= mask[i];
        for (int i = AddressOffset; i < ValueLength(endpoint); i++) value[i] ^= mask[i - AddressOffset];
    }

    private static bool TryRead(ReadOnlySpan<byte> value, ushort port, ReadOnlySpan<byte> mask, out IPEndPoint? endpoint)
    {
        endpoint = null;
        if (value.Length < AddressOffset) return false;
        int length = value[1] switch { FamilyV4 => 4, FamilyV6 => LargestAddress, _ => 0 };
        if (length == 0 || value.Length != AddressOffset + length) return false;
        Span<byte> address = stackalloc byte[LargestAddress];
        address = address[..length];
        value[AddressOffset..].CopyTo(address);
        for (int i = 0; i < Math.Min(length, mask.Length); i++) address[i] ^= mask[i];
        endpoint = new IPEndPoint(new IPAddress(address), BinaryPrimitives.ReadUInt16BigEndian(value[2..]) ^ port);
        return true;
    }
}
