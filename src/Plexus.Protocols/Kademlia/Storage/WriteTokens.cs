using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;

namespace Plexus.Protocols.Kademlia.Storage;

/// <summary>Tokens that prove that whoever writes can receive at the address it writes from.</summary>
/// <remarks>
/// A token is a keyed hash of address and port. The key changes at random intervals, and tokens of the current and the
/// previous key are good, so that each is good for 15 minutes at least and 90 at most.
/// </remarks>
/// <param name="fillWithRandom">A cryptographic source.</param>
/// <param name="now">The time of the first key.</param>
internal sealed class WriteTokens(Action<Span<byte>> fillWithRandom, Instant now)
{
    /// <summary>32 bytes.</summary>
    public const int Size = HMACSHA256.HashSizeInBytes;

    private const int KeySize = 32;
    private const int LongestSubject = 18; // An IPv6 address and a port.
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromMinutes(45);

    private byte[] _current = NewKey(fillWithRandom);
    private byte[] _previous = NewKey(fillWithRandom);
    private Instant _change = now + Period(fillWithRandom);

    /// <summary>A token for this requester.</summary>
    public byte[] Issue(IPEndPoint to, Instant now)
    {
        ChangeKeys(now);
        byte[] token = new byte[Size];
        Compute(_current, to, token);
        return token;
    }

    /// <summary>Whether the token was issued to this requester not long ago. Takes the same time for right and wrong ones.</summary>
    public bool IsValid(ReadOnlySpan<byte> token, IPEndPoint from, Instant now)
    {
        ChangeKeys(now);
        if (token.Length != Size) return false;
        Span<byte> expected = stackalloc byte[Size];
        Compute(_current, from, expected);
        bool isCurrent = CryptographicOperations.FixedTimeEquals(token, expected);
        Compute(_previous, from, expected);
        return CryptographicOperations.FixedTimeEquals(token, expected) | isCurrent;
    }

    private static byte[] NewKey(Action<Span<byte>> fillWithRandom)
    {
        byte[] key = new byte[KeySize];
        fillWithRandom(key);
        return key;
    }

    private static TimeSpan Period(Action<Span<byte>> fillWithRandom)
    {
        Span<byte> random = stackalloc byte[sizeof(uint)];
        fillWithRandom(random);
        double share = BinaryPrimitives.ReadUInt32BigEndian(random) / (double)uint.MaxValue;
        return ShortestPeriod + (LongestPeriod - ShortestPeriod) * share;
    }

    private static void Compute(byte[] key, IPEndPoint subject, Span<byte> token)
    {
        Span<byte> bytes = stackalloc byte[LongestSubject];
        subject.Address.TryWriteBytes(bytes, out int length);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[length..], (ushort)subject.Port);
        HMACSHA256.HashData(key, bytes[..(length + sizeof(ushort))], token);
    }

    private void ChangeKeys(Instant now)
    {
        // After a long idle time both generations are too old.
        for (int i = 0; i < 2 && now >= _change; i++)
        {
            _previous = _current;
            _current = NewKey(fillWithRandom);
            _change = i == 0 ? _change + Period(fillWithRandom) : now + Period(fillWithRandom);
        }
    }
}
