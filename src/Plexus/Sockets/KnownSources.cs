using System.Net;

namespace Plexus.Sockets;

/// <summary>Endpoint objects of recent sources, so that a datagram costs none.</summary>
internal sealed class KnownSources
{
    private const int Places = 64; // as many peers as take turns without pushing each other out

    private readonly byte[] _addresses = new byte[Places * LinuxAddress.Capacity];
    private readonly IPEndPoint?[] _endpoints = new IPEndPoint?[Places];

    /// <summary>The endpoint of an address of 28 bytes, those behind a shorter one being zero.</summary>
    public IPEndPoint Find(ReadOnlySpan<byte> address)
    {
        uint hash = 2166136261; // FNV-1a: who floods us from many sources gains nothing but new objects
        foreach (byte one in address) hash = (hash ^ one) * 16777619;
        int place = (int)((hash ^ (hash >> 16)) % Places);
        Span<byte> known = _addresses.AsSpan(place * LinuxAddress.Capacity, LinuxAddress.Capacity);
        if (_endpoints[place] is { } endpoint && known.SequenceEqual(address)) return endpoint;
        address.CopyTo(known);
        return _endpoints[place] = LinuxAddress.Read(address);
    }
}
