using System.Net;
using Plexus.Sockets;

namespace Plexus.Tests.Sockets;

/// <summary>The system's socket, used datagram by datagram.</summary>
public sealed class UdpDatagramSocketTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_datagram_comes_with_its_source_at_once_or_later(bool isPlain)
    {
        await using UdpDatagramSocket one = Open(isPlain), other = Open(isPlain);
        byte[] buffer = new byte[100];
        Assert.True(await one.SendAsync("early"u8.ToArray(), other.LocalEndPoint));
        Assert.Equal(new Received(5, one.LocalEndPoint), await other.ReceiveAsync(buffer, Token));
        ValueTask<Received> late = other.ReceiveAsync(buffer, Token);
        Assert.True(await one.SendAsync("in good time"u8.ToArray(), other.LocalEndPoint));
        Assert.Equal(new Received(12, one.LocalEndPoint), await late);
        Assert.Equal("in good time"u8, buffer.AsSpan(0, 12));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_cancelled_wait_loses_nothing(bool isPlain)
    {
        await using UdpDatagramSocket one = Open(isPlain), other = Open(isPlain);
        for (int round = 0; round < 20; round++)
        {
            using CancellationTokenSource stop = new();
            Task<Received> wait = other.ReceiveAsync(new byte[100], stop.Token).AsTask();
            stop.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
            await one.SendAsync(new byte[round + 1], other.LocalEndPoint);
            Assert.Equal(round + 1, (await other.ReceiveAsync(new byte[100], Token)).Length);
        }
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Disposing_ends_the_wait(bool isPlain)
    {
        UdpDatagramSocket socket = Open(isPlain);
        Task<Received> wait = socket.ReceiveAsync(new byte[100], Token).AsTask();
        await socket.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => socket.ReceiveAsync(new byte[100], Token).AsTask());
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_peer_that_is_gone_does_not_end_it(bool isPlain)
    {
        await using UdpDatagramSocket one = Open(isPlain), other = Open(isPlain);
        UdpDatagramSocket gone = Open(isPlain);
        await gone.DisposeAsync();
        Task<Received> wait = other.ReceiveAsync(new byte[100], Token).AsTask();
        for (int i = 0; i < 30; i++) await other.SendAsync(new byte[10], gone.LocalEndPoint); // Each is answered by an ICMP error.
        await one.SendAsync(new byte[7], other.LocalEndPoint);
        Assert.Equal(7, (await wait).Length);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_datagram_that_is_too_long_is_cut_and_the_next_one_is_whole(bool isPlain)
    {
        await using UdpDatagramSocket one = Open(isPlain), other = Open(isPlain);
        await one.SendAsync(new byte[1_000], other.LocalEndPoint);
        await one.SendAsync(new byte[50], other.LocalEndPoint);
        Received first = await other.ReceiveAsync(new byte[100], Token);
        if (first.Length == 50) return; // Windows drops what is too long.
        Assert.Equal(100, first.Length);
        Assert.Equal(50, (await other.ReceiveAsync(new byte[100], Token)).Length);
    }

    private static UdpDatagramSocket Open(bool isPlain) => new(new IPEndPoint(IPAddress.Loopback, 0), isPlain);
}
