using System.Net;
using Plexus.Lab;
using Plexus.Sockets;
using Plexus.Tests.Lab;

namespace Plexus.Tests.Sockets;

/// <summary>A pump that gives its socket away.</summary>
public sealed class DetachedPumpTests
{
    private static readonly IPEndPoint Server = IPEndPoint.Parse("9.0.0.9:9");

    [Fact]
    public void What_the_pump_had_received_comes_first()
    {
        using Internet internet = new();
        internet.Run(
            async () =>
            {
                LabHost host = internet.AddHost("host", "1.0.0.1");
                internet.AddHost("server", Server.Address.ToString()).Attach(Server.Port, new EchoCore());
                LabHost friend = internet.AddHost("friend", "2.0.0.2");
                await using IDatagramSocket other = friend.Open(new(IPAddress.Any, 0));
                DatagramPump pump = new(host.Open(new(IPAddress.Any, 5000)), internet.Clock);
                await pump.RunAsync(new AskOnce(Server), static q => q.Answer is not null, CancellationToken.None);
                AskOnce nobody = new(new(IPAddress.Parse("3.0.0.3"), 3));
                using CancellationTokenSource patience = new(TimeSpan.FromSeconds(1), internet.Clock);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(
                    () => pump.RunAsync(nobody, static q => q.Answer is not null, patience.Token));
                foreach (string text in (string[])["first", "second"])
                {
                    await other.SendAsync(System.Text.Encoding.ASCII.GetBytes(text), new(host.Address, 5000));
                    await Task.Delay(TimeSpan.FromSeconds(1), internet.Clock);
                }

                await using IDatagramSocket socket = await pump.DetachAsync();
                byte[] buffer = new byte[100];
                Assert.True(socket.TryReceiveBatch(buffer, out ReceivedBatch batch));
                Assert.Equal("first", System.Text.Encoding.ASCII.GetString(buffer, 0, batch.Length));
                Assert.True(socket.TryReceiveBatch(buffer, out batch));
                Assert.Equal("second", System.Text.Encoding.ASCII.GetString(buffer, 0, batch.Length));
                Assert.False(socket.TryReceiveBatch(buffer, out _));
            },
            TimeSpan.FromMinutes(1));
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    internal async Task On_the_systems_network_nothing_is_lost_either(bool isBefore)
    {
        await using UdpDatagramSocket other = new(new(IPAddress.Loopback, 0));
        DatagramPump pump = new(new UdpDatagramSocket(new(IPAddress.Loopback, 0)), TimeProvider.System);
        IPEndPoint local = pump.Socket.LocalEndPoint;
        using (CancellationTokenSource now = new())
        {
            Task run = pump.RunAsync(new AskOnce(null), static _ => false, now.Token);
            now.Cancel(); // It leaves a receive that nobody has answered.
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        }

        if (isBefore) await other.SendAsync("datagram"u8.ToArray(), local);
        await using IDatagramSocket socket = await pump.DetachAsync();
        if (!isBefore) await other.SendAsync("datagram"u8.ToArray(), local);
        byte[] buffer = new byte[100];
        ReceivedBatch batch;
        while (!socket.TryReceiveBatch(buffer, out batch)) await socket.WaitToReceiveAsync();
        Assert.Equal("datagram"u8, buffer.AsSpan(0, batch.Length));
        Assert.Equal(other.LocalEndPoint, batch.From);
    }
}
