using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Lab;
using Plexus.Protocols.Tubus;
using Plexus.Streams;
using Plexus.Tests.Lab;

namespace Plexus.Tests.Streams;

/// <summary>Sockets with streams to several peers.</summary>
public sealed class TubusSocketTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void One_socket_serves_many_peers()
    {
        using Internet internet = new();
        internet.Run(
            async () =>
            {
                LabHost server = internet.AddHost("server", "9.0.0.9");
                await using TubusSocket listening = Open(internet, server, 9);
                Task serving = ServeAsync(listening, 10);
                await Task.WhenAll(Enumerable.Range(1, 10).Select(async i =>
                {
                    LabHost client = internet.AddHost($"client {i}", $"1.0.0.{i}");
                    await using TubusSocket socket = Open(internet, client, 1);
                    await using TubusStream stream = await socket.ConnectAsync(new(server.Address, 9), 42, CancellationToken.None);
                    byte[] sent = [.. Enumerable.Repeat((byte)i, 100_000)];
                    Task writing = stream.WriteAsync(sent).AsTask();
                    byte[] echo = new byte[sent.Length];
                    await stream.ReadExactlyAsync(echo);
                    await writing;
                    Assert.Equal(sent, echo);
                    await stream.CloseAsync();
                }));
                await serving;
            },
            Hour);
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    [Fact]
    public void Nobody_comes_nobody_answers()
    {
        using Internet internet = new();
        internet.Run(
            async () =>
            {
                await using TubusSocket socket = Open(internet, internet.AddHost("alone", "1.0.0.1"), 1);
                IPEndPoint nobody = IPEndPoint.Parse("3.0.0.3:3");
                IOException failure = await Assert.ThrowsAsync<IOException>(
                    () => socket.ConnectAsync(nobody, 0, CancellationToken.None));
                Assert.Equal("The peer did not answer in time.", failure.Message);
                failure = await Assert.ThrowsAsync<IOException>(() => socket.AcceptAsync(nobody, 0, CancellationToken.None));
                Assert.Equal("No peer came in time.", failure.Message);
                using CancellationTokenSource patience = new(TimeSpan.FromSeconds(1), internet.Clock);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => socket.ConnectAsync(nobody, 0, patience.Token));
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => socket.AcceptAsync(null, 0, patience.Token));
                Task<TubusStream> accepting = socket.AcceptAsync(null, 0, CancellationToken.None);
                await socket.DisposeAsync();
                await Assert.ThrowsAsync<ObjectDisposedException>(() => accepting);
                await Assert.ThrowsAsync<ObjectDisposedException>(() => socket.ConnectAsync(nobody, 0, CancellationToken.None));
            },
            Hour);
        Assert.Equal(TimeSpan.FromSeconds(61), internet.Now);
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    [Fact]
    public void A_companion_gets_the_short_datagrams_and_answers()
    {
        using Internet internet = new();
        internet.Run(
            async () =>
            {
                LabHost alice = internet.AddHost("alice", "1.0.0.1");
                LabHost bob = internet.AddHost("bob", "2.0.0.2");
                AskOnce companion = new(new(bob.Address, 2));
                await using TubusSocket left = new(
                    alice.Open(new(IPAddress.Any, 1)), new TubusOptions { Extends = true }, internet.Clock, NullLogger.Instance, companion);
                await using TubusSocket right = new(
                    bob.Open(new(IPAddress.Any, 2)), new TubusOptions { Extends = true }, internet.Clock, NullLogger.Instance, new EchoCore());
                Task<TubusStream> accept = right.AcceptAsync(new(alice.Address, 1), 42, CancellationToken.None);
                await using TubusStream stream = await left.ConnectAsync(new(bob.Address, 2), 42, CancellationToken.None);
                await using TubusStream accepted = await accept;
                await stream.WriteAsync(new byte[1000]);
                await accepted.ReadExactlyAsync(new byte[1000]);
                Assert.Equal("1.0.0.1:1", companion.Answer); // The echo tells whom it has heard.
            },
            Hour);
    }

    [Theory]
    [InlineData(0UL, false, false)]
    [InlineData(0UL, true, false)]
    [InlineData(42UL, false, false)]
    [InlineData(42UL, true, true)]
    internal async Task On_loopback_all_arrives(ulong secret, bool completesInline, bool isPlain)
    {
        await using StreamPair pair = await StreamPair.OnLoopbackAsync(secret, completesInline, isPlain);
        byte[] sent = new byte[20_000_000];
        Random.Shared.NextBytes(sent);
        byte[] echo = new byte[sent.Length];
        Task echoing = EchoAsync(pair.Right, sent.Length);
        Task reading = pair.Left.ReadExactlyAsync(echo, TestContext.Current.CancellationToken).AsTask();
        await pair.Left.WriteAsync(sent, TestContext.Current.CancellationToken);
        await Task.WhenAll(echoing, reading);
        Assert.True(sent.AsSpan().SequenceEqual(echo));
        await pair.Left.CloseAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await pair.Right.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    private static TubusSocket Open(Internet internet, LabHost host, int port) =>
        new(host.Open(new(IPAddress.Any, port)), new TubusOptions { Extends = true }, internet.Clock, NullLogger.Instance);

    private static async Task ServeAsync(TubusSocket socket, int count)
    {
        List<Task> echoes = [];
        for (int i = 0; i < count; i++)
            echoes.Add(EchoAsync(await socket.AcceptAsync(null, 42, CancellationToken.None), int.MaxValue));
        await Task.WhenAll(echoes);
    }

    private static async Task EchoAsync(TubusStream stream, int length)
    {
        byte[] buffer = new byte[65_536];
        for (int left = length; left > 0;)
        {
            int read = await stream.ReadAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)));
            if (read == 0) return;
            await stream.WriteAsync(buffer.AsMemory(0, read));
            left -= read;
        }
    }
}
