using System.Net;
using Plexus.Lab;
using Plexus.Sockets;

namespace Plexus.Tests.Lab;

/// <summary>The laboratory's sockets by the batch.</summary>
public sealed class LabBatchTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_batch_travels_as_datagrams_and_is_joined_again()
    {
        using Internet internet = new();
        internet.Run(
            async () =>
            {
                await using IDatagramSocket alice = internet.AddHost("alice", "1.0.0.1").Open(new(IPAddress.Any, 1));
                await using IDatagramSocket bob = internet.AddHost("bob", "2.0.0.2").Open(new(IPAddress.Any, 2));
                byte[] sent = [.. Enumerable.Range(0, 250).Select(i => (byte)i)];
                Assert.True(alice.SendBatch(sent, 100, new(IPAddress.Parse("2.0.0.2"), 2), mayFragment: false));
                await bob.WaitToReceiveAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(1), internet.Clock);
                byte[] buffer = new byte[65_536];
                Assert.True(bob.TryReceiveBatch(buffer, out ReceivedBatch batch));
                Assert.Equal((250, 100), (batch.Length, batch.DatagramLength));
                Assert.Equal(sent, buffer.AsSpan(0, 250));
                Assert.False(bob.TryReceiveBatch(buffer, out _));
            },
            Minute);
        Assert.Equal([100, 100, 50], internet.Trace.Select(t => t.Length));
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    [Fact]
    public void A_narrow_line_drops_what_may_not_be_fragmented()
    {
        using Internet internet = new();
        LabLink narrow = LabLink.Wan with { Mtu = 1_000 };
        internet.AddHost("bob", "2.0.0.2", narrow).Open(new(IPAddress.Any, 2));
        IDatagramSocket alice = internet.AddHost("alice", "1.0.0.1").Open(new(IPAddress.Any, 1));
        IPEndPoint to = new(IPAddress.Parse("2.0.0.2"), 2);
        Assert.True(alice.SendBatch(new byte[1_200], 1_200, to, mayFragment: false));
        Assert.True(alice.SendBatch(new byte[1_300], 1_300, to, mayFragment: true));
        internet.Run(Minute);
        Assert.Equal([DatagramFate.TooBig, DatagramFate.Delivered], internet.Trace.Select(t => t.Fate));
    }

    [Fact]
    public void Disposing_ends_a_wait()
    {
        using Internet internet = new();
        internet.Run(
            async () =>
            {
                IDatagramSocket socket = internet.AddHost("alice", "1.0.0.1").Open(new(IPAddress.Any, 1));
                Task wait = socket.WaitToReceiveAsync().AsTask();
                await socket.DisposeAsync();
                await Assert.ThrowsAsync<ObjectDisposedException>(() => wait);
                Assert.False(socket.SendBatch(new byte[1], 1, new(IPAddress.Parse("1.0.0.1"), 1), mayFragment: false));
                Assert.False(socket.TryReceiveBatch(new byte[1], out _));
            },
            Minute);
    }
}
