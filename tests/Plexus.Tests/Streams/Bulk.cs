using System.Security.Cryptography;

namespace Plexus.Tests.Streams;

/// <summary>Much data that is the same at each run, checked by its hash at the other end.</summary>
internal static class Bulk
{
    private const int Block = 100_000; // No multiple of anything.

    /// <summary>Sends so many bytes of a pattern, and tells their hash.</summary>
    public static async Task<string> SendAsync(Stream stream, long length, int seed)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[Block];
        new Random(seed).NextBytes(block);
        for (long at = 0; at < length; at += Block)
        {
            int count = (int)Math.Min(Block, length - at);
            block[0] = (byte)(at / Block); // No block is like the one before.
            hash.AppendData(block.AsSpan(0, count));
            await stream.WriteAsync(block.AsMemory(0, count));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Reads so many bytes and tells their hash.</summary>
    public static async Task<string> ReceiveAsync(Stream stream, long length)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[Block];
        long left = length;
        while (left > 0)
        {
            int count = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(Block, left)));
            if (count == 0) throw new EndOfStreamException($"{left} bytes are missing.");
            hash.AppendData(buffer.AsSpan(0, count));
            left -= count;
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
