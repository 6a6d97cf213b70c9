using System.Net;
using System.Net.Sockets;
using Plexus.Sockets;

namespace Plexus.Tests.Sockets;

/// <summary>The system's socket by the batch: with the kernel's offload where there is one, and without.</summary>
public sealed class DatagramBatchTests
{
    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", false)]
    [InlineData("::1", true)]
    internal async Task A_batch_comes_whole_and_in_order(string address, bool isPlain)
    {
        await using UdpDatagramSocket from = Open(address, isPlain);
        await using UdpDatagramSocket to = Open(address, isPlain);
        byte[] sent = Bytes((10 * 1200) + 77);
        (byte[] received, List<int> lengths) = await PassAsync(from, to, sent, 1200, mayFragment: false);
        Assert.Equal(sent, received);
        Assert.Equal([.. Enumerable.Repeat(1200, 10), 77], lengths);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    internal async Task A_batch_may_hold_more_datagrams_than_a_system_call(bool isPlain)
    {
        await using UdpDatagramSocket from = Open("127.0.0.1", isPlain);
        await using UdpDatagramSocket to = Open("127.0.0.1", isPlain);
        byte[] sent = Bytes(150 * 20);
        (byte[] received, List<int> lengths) = await PassAsync(from, to, sent, 20, mayFragment: false);
        Assert.Equal(sent, received);
        Assert.Equal(150, lengths.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    internal async Task One_datagram_may_be_as_long_as_IP_allows(bool isPlain)
    {
        await using UdpDatagramSocket from = Open("127.0.0.1", isPlain);
        await using UdpDatagramSocket to = Open("127.0.0.1", isPlain);
        byte[] sent = Bytes(65_507);
        (byte[] received, List<int> lengths) = await PassAsync(from, to, sent, sent.Length, mayFragment: false);
        Assert.Equal(sent, received);
        Assert.Single(lengths);
    }

    [Theory]
    [InlineData(1_000)] // UDP cuts.
    [InlineData(1_400)] // IP might: datagram by datagram.
    internal async Task Datagrams_that_may_be_fragmented_come_as_they_are(int datagramLength)
    {
        await using UdpDatagramSocket from = Open("127.0.0.1", isPlain: false);
        await using UdpDatagramSocket to = Open("127.0.0.1", isPlain: false);
        byte[] sent = Bytes(datagramLength * 5);
        (byte[] received, List<int> lengths) = await PassAsync(from, to, sent, datagramLength, mayFragment: true);
        Assert.Equal(sent, received);
        Assert.Equal(Enumerable.Repeat(datagramLength, 5), lengths);
        (received, _) = await PassAsync(from, to, sent, datagramLength, mayFragment: false);
        Assert.Equal(sent, received);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    internal async Task What_is_too_large_is_refused_and_changes_nothing(bool isPlain)
    {
        await using UdpDatagramSocket from = Open("127.0.0.1", isPlain);
        await using UdpDatagramSocket to = Open("127.0.0.1", isPlain);
        Assert.False(from.SendBatch(new byte[65_508], 65_508, to.LocalEndPoint, mayFragment: false));
        Assert.False(from.SendBatch(new byte[2 * 65_508], 65_508, to.LocalEndPoint, mayFragment: false));
        (byte[] received, _) = await PassAsync(from, to, Bytes(3000), 1000, mayFragment: false);
        Assert.Equal(Bytes(3000), received);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    internal async Task Where_nobody_listens_nothing_breaks(bool isPlain)
    {
        await using UdpDatagramSocket from = Open("127.0.0.1", isPlain);
        await using UdpDatagramSocket to = Open("127.0.0.1", isPlain);
        UdpDatagramSocket closed = Open("127.0.0.1", isPlain);
        await closed.DisposeAsync();
        for (int i = 0; i < 20; i++) from.SendBatch(new byte[20], 10, closed.LocalEndPoint, mayFragment: false);
        Assert.False(from.TryReceiveBatch(new byte[100], out _));
        await to.SendAsync("back"u8.ToArray(), from.LocalEndPoint);
        byte[] buffer = new byte[100];
        ReceivedBatch batch;
        while (!from.TryReceiveBatch(buffer, out batch)) await from.WaitToReceiveAsync();
        Assert.Equal((4, 4, to.LocalEndPoint), (batch.Length, batch.DatagramLength, batch.From));
    }

    [Fact]
    public async Task The_kernel_of_this_machine_cuts_and_joins()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Only Linux has both.");
        await using UdpDatagramSocket from = Open("127.0.0.1", isPlain: false);
        await using UdpDatagramSocket to = Open("127.0.0.1", isPlain: false);
        await PassAsync(to, from, Bytes(1), 1, mayFragment: false); // The receiver has begun to receive by the batch.
        await PassAsync(from, to, Bytes(1), 1, mayFragment: false);
        from.SendBatch(Bytes(40 * 1200), 1200, to.LocalEndPoint, mayFragment: false);
        byte[] buffer = new byte[65_536];
        await to.WaitToReceiveAsync();
        Assert.True(to.TryReceiveBatch(buffer, out ReceivedBatch batch));
        Assert.Equal((40 * 1200, 1200), (batch.Length, batch.DatagramLength));
    }

    [Fact]
    public async Task Another_family_is_refused()
    {
        await using UdpDatagramSocket from = Open("127.0.0.1", isPlain: false);
        Assert.False(from.SendBatch(new byte[10], 10, IPEndPoint.Parse("[::1]:9"), mayFragment: false));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    internal async Task Disposing_ends_a_wait(bool isPlain)
    {
        UdpDatagramSocket socket = Open("127.0.0.1", isPlain);
        Task wait = socket.WaitToReceiveAsync().AsTask();
        Assert.False(wait.IsCompleted);
        await socket.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => socket.WaitToReceiveAsync().AsTask());
        Assert.False(socket.TryReceiveBatch(new byte[10], out _));
        Assert.False(socket.SendBatch(new byte[10], 10, socket.LocalEndPoint, mayFragment: false));
    }

    [Fact]
    public async Task A_socket_is_disposed_from_its_own_receive_loop()
    {
        UdpDatagramSocket socket = Open("127.0.0.1", isPlain: false);
        Task loop = LoopAsync();
        socket.SendBatch(new byte[10], 10, socket.LocalEndPoint, mayFragment: false);
        await loop;

        async Task LoopAsync()
        {
            await socket.WaitToReceiveAsync();
            await socket.DisposeAsync(); // On the socket's own thread, which must not wait for itself.
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    internal async Task A_datagram_costs_no_memory(bool isPlain)
    {
        await using UdpDatagramSocket from = Open("127.0.0.1", isPlain);
        await using UdpDatagramSocket to = Open("127.0.0.1", isPlain);
        byte[] buffer = new byte[65_536];
        byte[] datagrams = new byte[5 * 1000];
        IPEndPoint destination = to.LocalEndPoint;
        await PassAsync(from, to, datagrams, 1000, mayFragment: false);
        Pass(); // Whatever is made once is made now.
        long before = GC.GetAllocatedBytesForCurrentThread();
        Pass();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Pass()
        {
            for (int i = 0; i < 10; i++)
            {
                from.SendBatch(datagrams, 1000, destination, mayFragment: false);
                while (to.TryReceiveBatch(buffer, out _)) { }
            }
        }
    }

    [Fact]
    public async Task Sources_are_told_apart()
    {
        await using UdpDatagramSocket to = Open("127.0.0.1", isPlain: false);
        UdpDatagramSocket[] many = [.. Enumerable.Range(0, 100).Select(_ => Open("127.0.0.1", isPlain: false))];
        byte[] buffer = new byte[65_536];
        for (int round = 0; round < 2; round++)
        {
            foreach (UdpDatagramSocket from in many)
            {
                Assert.True(from.SendBatch(new byte[1], 1, to.LocalEndPoint, mayFragment: false));
                ReceivedBatch batch;
                while (!to.TryReceiveBatch(buffer, out batch)) await to.WaitToReceiveAsync();
                Assert.Equal(from.LocalEndPoint, batch.From);
            }
        }

        foreach (UdpDatagramSocket from in many) await from.DisposeAsync();
    }

    private static UdpDatagramSocket Open(string address, bool isPlain)
    {
        try
        {
            return new UdpDatagramSocket(new IPEndPoint(IPAddress.Parse(address), 0), isPlain);
        }
        catch (SocketException e)
        {
            Assert.Skip($"{address} cannot be bound here: {e.Message}");
            throw;
        }
    }

    private static byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7 / 5))];

    private static async Task<(byte[] Bytes, List<int> Lengths)> PassAsync(
        UdpDatagramSocket from, UdpDatagramSocket to, byte[] datagrams, int datagramLength, bool mayFragment)
    {
        to.TryReceiveBatch(new byte[65_536], out _); // The buffers are large from now on.
        Assert.True(from.SendBatch(datagrams, datagramLength, to.LocalEndPoint, mayFragment));
        List<byte> received = [];
        List<int> lengths = [];
        byte[] buffer = new byte[65_536];
        while (received.Count < datagrams.Length)
        {
            if (!to.TryReceiveBatch(buffer, out ReceivedBatch batch))
            {
                await to.WaitToReceiveAsync().AsTask().WaitAsync(TestContext.Current.CancellationToken);
                continue;
            }

            Assert.Equal(from.LocalEndPoint, batch.From);
            received.AddRange(buffer[..batch.Length]);
            for (int at = 0; at < batch.Length; at += batch.DatagramLength)
                lengths.Add(Math.Min(batch.DatagramLength, batch.Length - at));
        }

        return ([.. received], lengths);
    }
}
