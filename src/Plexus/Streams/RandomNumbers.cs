using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Plexus.Streams;

/// <summary>Random numbers that nobody can guess, by the hundred: a masked datagram needs one. For one thread at a time.</summary>
internal sealed class RandomNumbers
{
    private const int Stock = 256; // numbers: 2 kB, and one call of the system for half a megabyte of datagrams

    private readonly ulong[] _numbers = new ulong[Stock];
    private int _used = Stock;

    public ulong Next()
    {
        if (_used == Stock)
        {
            RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(_numbers.AsSpan()));
            _used = 0;
        }

        return _numbers[_used++];
    }
}
