using System.Text.RegularExpressions;
using Plexus.Lab;

namespace Plexus.Tests.Streams;

/// <summary>Streams on the laboratory's clock.</summary>
public sealed class TubusStreamTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(0, 0, 0UL)]
    [InlineData(0.05, 0, 0UL)]
    [InlineData(0.2, 5, 42UL)]
    internal void All_arrives_in_both_directions_and_each_run_is_the_same(double loss, double jitter, ulong secret)
    {
        string trace = Run();
        Assert.Equal(trace, Run());

        string Run()
        {
            using Internet internet = new(seed: 5);
            LabLink link = LabLink.Wan with { Loss = loss, Jitter = TimeSpan.FromMilliseconds(jitter) };
            internet.Run(
                async () =>
                {
                    await using StreamPair pair = await StreamPair.OpenAsync(internet, link, secret);
                    byte[] up = Bytes(1_000_000, 1);
                    byte[] down = Bytes(700_000, 2);
                    Task<byte[]> upwards = ReadAsync(pair.Right, up.Length);
                    Task<byte[]> downwards = ReadAsync(pair.Left, down.Length);
                    Task writing = pair.Right.WriteAsync(down).AsTask();
                    await pair.Left.WriteAsync(up);
                    await writing;
                    Assert.Equal(up, await upwards);
                    Assert.Equal(down, await downwards);
                },
                Hour);
            Assert.Equal(0, internet.Loop.ForeignPosts);
            return Regex.Replace(internet.TraceText(), "#[0-9a-f]{8}", ""); // Pins and salts come from the system.
        }
    }

    [Fact]
    public void Closing_delivers_all_and_ends_the_peers_reading() => Run(async (pair, internet) =>
    {
        byte[] sent = Bytes(3_000_000, 3);
        Task<byte[]> reading = ReadToEndAsync(pair.Right);
        await pair.Left.WriteAsync(sent);
        await pair.Left.CloseAsync();
        Assert.Equal(sent, await reading);
        Assert.Equal(0, await pair.Right.ReadAsync(new byte[10]));
        IOException failure = await Assert.ThrowsAsync<IOException>(() => pair.Right.WriteAsync(new byte[1]).AsTask());
        Assert.Equal("The peer has closed the stream.", failure.Message);
        await pair.Left.CloseAsync();
        await pair.Right.CloseAsync();
        await pair.Left.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pair.Left.WriteAsync(new byte[1]).AsTask());
    });

    [Fact]
    public void A_slow_reader_gets_all_that_was_written_before_the_close() => Run(async (pair, internet) =>
    {
        byte[] sent = Bytes(20_000_000, 4);
        Task writing = WriteAndCloseAsync();
        List<byte> received = [];
        byte[] buffer = new byte[100_000];
        int length;
        while ((length = await pair.Right.ReadAsync(buffer)) > 0)
        {
            received.AddRange(buffer.AsSpan(0, length));
            await Task.Delay(TimeSpan.FromMilliseconds(20), internet.Clock);
        }

        await writing;
        Assert.True(sent.AsSpan().SequenceEqual(received.ToArray()));

        async Task WriteAndCloseAsync()
        {
            await pair.Left.WriteAsync(sent);
            await pair.Left.CloseAsync();
        }
    });

    [Fact]
    public void A_writer_waits_for_a_reader_who_stalls() => Run(async (pair, internet) =>
    {
        Task writing = pair.Left.WriteAsync(new byte[8_000_000]).AsTask();
        await Task.Delay(TimeSpan.FromMinutes(5), internet.Clock);
        Assert.False(writing.IsCompleted);
        Assert.InRange(pair.Left.Report.BytesSent, 4_000_000, 5 * 1024 * 1024); // The peer's window, which is never exceeded.
        await ReadAsync(pair.Right, 8_000_000);
        await writing;
    });

    [Fact]
    public void Disposing_ends_all_at_once() => Run(async (pair, internet) =>
    {
        Task<int> own = pair.Left.ReadAsync(new byte[10]).AsTask();
        Task<int> peers = pair.Right.ReadAsync(new byte[10]).AsTask();
        await pair.Left.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => own);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pair.Left.WriteAsync(new byte[1]).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pair.Left.CloseAsync());
        Assert.Equal(0, await peers);
    });

    [Fact]
    public void A_stream_that_ends_with_a_gap_was_cut_off()
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        LabHost bob = internet.AddHost("bob", "2.0.0.2");
        internet.Run(
            async () =>
            {
                await using StreamPair pair = await StreamPair.OpenAsync(internet, alice, bob);
                bob.Link = LabLink.Wan with { Loss = 0.5 };
                await pair.Left.WriteAsync(new byte[200_000]);
                await Task.Delay(TimeSpan.FromMilliseconds(11), internet.Clock); // Half of the way.
                bob.Link = LabLink.Wan;
                await pair.Left.DisposeAsync();
                IOException failure = await Assert.ThrowsAsync<IOException>(() => ReadToEndAsync(pair.Right));
                Assert.Equal("The peer has cut the stream off.", failure.Message);
            },
            Hour);
    }

    [Fact]
    public void Cancelling_leaves_the_stream_usable() => Run(async (pair, internet) =>
    {
        using (CancellationTokenSource patience = new(TimeSpan.FromSeconds(1), internet.Clock))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pair.Right.ReadAsync(new byte[10], patience.Token).AsTask());
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pair.Right.ReadAsync(new byte[10], patience.Token).AsTask());
        }

        byte[] sent = Bytes(8_000_000, 6);
        using (CancellationTokenSource patience = new(TimeSpan.FromSeconds(5), internet.Clock))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pair.Left.WriteAsync(sent, patience.Token).AsTask());
        }

        byte[] buffer = new byte[sent.Length];
        using CancellationTokenSource reading = new(TimeSpan.FromSeconds(1), internet.Clock);
        int length = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (true) length += await pair.Right.ReadAsync(buffer.AsMemory(length), reading.Token);
        });
        Assert.InRange(length, 4_000_000, sent.Length - 1); // A part was sent: what follows comes behind it.
        Assert.True(sent.AsSpan(0, length).SequenceEqual(buffer.AsSpan(0, length)));
        await pair.Left.WriteAsync(new byte[] { 1, 2, 3 });
        Assert.Equal([1, 2, 3], await ReadAsync(pair.Right, 3));
    });

    [Fact]
    public void Reading_nothing_waits_for_something() => Run(async (pair, internet) =>
    {
        Task<int> waiting = pair.Right.ReadAsync(Memory<byte>.Empty).AsTask();
        await Task.Delay(TimeSpan.FromSeconds(1), internet.Clock);
        Assert.False(waiting.IsCompleted);
        await pair.Left.WriteAsync(new byte[] { 7 });
        Assert.Equal(0, await waiting);
        Assert.Equal(0, await pair.Right.ReadAsync(Memory<byte>.Empty));
        Assert.Equal([7], await ReadAsync(pair.Right, 1));
        await pair.Left.WriteAsync(ReadOnlyMemory<byte>.Empty);
    });

    [Fact]
    public void One_reads_and_one_writes_at_a_time() => Run(async (pair, internet) =>
    {
        Task<int> first = pair.Right.ReadAsync(new byte[1]).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(() => pair.Right.ReadAsync(new byte[1]).AsTask());
        Task writing = pair.Left.WriteAsync(new byte[8_000_000]).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(() => pair.Left.WriteAsync(new byte[1]).AsTask());
        Assert.Equal(1, await first);
        await ReadAsync(pair.Right, 7_999_999);
        await writing;
    });

    [Fact]
    public void A_peer_that_falls_silent_ends_reading_and_writing()
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        LabHost bob = internet.AddHost("bob", "2.0.0.2");
        internet.Run(
            async () =>
            {
                await using StreamPair pair = await StreamPair.OpenAsync(internet, alice, bob);
                Task<int> reading = pair.Left.ReadAsync(new byte[1]).AsTask();
                bob.Link = LabLink.Wan with { Loss = 1 };
                IOException failure = await Assert.ThrowsAsync<IOException>(() => reading);
                Assert.Equal("The peer has fallen silent.", failure.Message);
                failure = await Assert.ThrowsAsync<IOException>(() => pair.Left.WriteAsync(new byte[1]).AsTask());
                Assert.Equal("The peer has fallen silent.", failure.Message);
                await Assert.ThrowsAsync<IOException>(() => pair.Left.CloseAsync());
            },
            Hour);
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    [Fact]
    public void An_outage_of_a_minute_is_survived()
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        LabHost bob = internet.AddHost("bob", "2.0.0.2");
        internet.Run(
            async () =>
            {
                await using StreamPair pair = await StreamPair.OpenAsync(internet, alice, bob);
                byte[] sent = Bytes(4_000_000, 8);
                Task<byte[]> reading = ReadAsync(pair.Right, sent.Length);
                Task writing = pair.Left.WriteAsync(sent).AsTask();
                await Task.Delay(TimeSpan.FromMilliseconds(100), internet.Clock);
                bob.Link = LabLink.Wan with { Loss = 1 };
                await Task.Delay(TimeSpan.FromMinutes(1), internet.Clock);
                bob.Link = LabLink.Wan;
                Assert.Equal(sent, await reading);
                await writing;
            },
            Hour);
    }

    [Fact]
    public void A_cancelled_close_goes_on() => Run(async (pair, internet) =>
    {
        byte[] sent = Bytes(4_000_000, 9);
        await pair.Left.WriteAsync(sent);
        using CancellationTokenSource patience = new(TimeSpan.FromMilliseconds(1), internet.Clock);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pair.Left.CloseAsync(patience.Token));
        Assert.Equal(sent, await ReadToEndAsync(pair.Right));
    });

    private static void Run(Func<StreamPair, Internet, Task> scenario)
    {
        using Internet internet = new(seed: 7);
        internet.KeepsTrace = false;
        internet.Run(
            async () =>
            {
                await using StreamPair pair = await StreamPair.OpenAsync(internet);
                await scenario(pair, internet);
            },
            Hour);
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    private static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int length)
    {
        byte[] bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes);
        return bytes;
    }

    private static async Task<byte[]> ReadToEndAsync(Stream stream)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[65_536];
        int length;
        while ((length = await stream.ReadAsync(buffer)) > 0) all.Write(buffer, 0, length);
        return all.ToArray();
    }
}
