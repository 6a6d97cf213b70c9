namespace Plexus.Tests.Streams;

/// <summary>What streams cost in memory; alone, since the counter counts the whole process.</summary>
[Collection(nameof(StreamMemoryTests))]
[CollectionDefinition(nameof(StreamMemoryTests), DisableParallelization = true)]
public sealed class StreamMemoryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    internal async Task An_echo_makes_no_objects(bool completesInline)
    {
        const int Echoes = 2_000;
        await using StreamPair pair = await StreamPair.OnLoopbackAsync(secret: 42, completesInline);
        byte[] data = new byte[64];
        byte[] echo = new byte[64];
        await PingAsync(); // Whatever is made once is made now.
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await PingAsync();
        // One object for each would be 24 bytes or more.
        Assert.InRange((GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Echoes, 0, 20);

        async Task PingAsync()
        {
            Task echoing = EchoAsync();
            for (int i = 0; i < Echoes; i++)
            {
                await pair.Left.WriteAsync(data);
                await pair.Left.ReadExactlyAsync(data);
            }

            await echoing;
        }

        async Task EchoAsync()
        {
            for (int left = Echoes * data.Length; left > 0;)
            {
                int length = await pair.Right.ReadAsync(echo);
                await pair.Right.WriteAsync(echo.AsMemory(0, length));
                left -= length;
            }
        }
    }
}
