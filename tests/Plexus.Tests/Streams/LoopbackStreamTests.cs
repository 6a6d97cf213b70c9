using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Plexus.Identities;
using Plexus.Streams;

namespace Plexus.Tests.Streams;

/// <summary>Streams over real sockets: exploration, punching, tubus and TLS on the loopback.</summary>
public sealed class LoopbackStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fifty_megabytes_each_way_arrive_whole()
    {
        const int Length = 50_000_000;
        await using LoopbackWorld world = new();
        (PlexusStream bob, PlexusStream alice) = await world.OpenAsync(cancellationToken: Token);
        await using (bob)
        await using (alice)
        {
            Assert.True(bob.IsEncrypted && alice.IsEncrypted);
            Task<string> sent = Bulk.SendAsync(bob, Length, 1), received = Bulk.ReceiveAsync(alice, Length);
            Task<string> sentBack = Bulk.SendAsync(alice, Length, 2), receivedBack = Bulk.ReceiveAsync(bob, Length);
            Assert.Equal(await sent, await received);
            Assert.Equal(await sentBack, await receivedBack);
            Assert.True(bob.Report.BytesSent > Length && bob.Report.BytesReceived > Length);
        }
    }

    [Fact] // While they go to and fro fast, acknowledgements wait for an answer to go with.
    public async Task Small_messages_are_all_acknowledged_in_the_end()
    {
        await using LoopbackWorld world = new();
        (PlexusStream bob, PlexusStream alice) = await world.OpenAsync(cancellationToken: Token);
        await using (bob)
        await using (alice)
        {
            byte[] message = new byte[64];
            for (int burst = 0; burst < 10; burst++)
            {
                for (int i = 0; i < 200; i++)
                {
                    await bob.WriteAsync(message, Token);
                    await alice.ReadExactlyAsync(message, Token);
                    await alice.WriteAsync(message, Token);
                    await bob.ReadExactlyAsync(message, Token);
                }

                while (bob.Line.Report.InFlight + alice.Line.Report.InFlight > 0) await Task.Delay(1, Token);
            }
        }
    }

    [Theory] // What was written last must not be lost by the closing.
    [InlineData(false)]
    [InlineData(true)]
    public async Task Twenty_megabytes_and_then_the_end_arrive_whole(bool slowReader)
    {
        const int Length = 20_000_000;
        await using LoopbackWorld world = new();
        (PlexusStream bob, PlexusStream alice) = await world.OpenAsync(cancellationToken: Token);
        await using (alice)
        {
            Task<string> sent = SendAndCloseAsync(bob, Length);
            if (slowReader) await Task.Delay(300, Token);
            string received = await Bulk.ReceiveAsync(alice, Length);
            Assert.Equal(0, await alice.ReadAsync(new byte[1], Token));
            Assert.Equal(await sent, received);
        }
    }

    [Fact]
    public async Task It_is_a_pair_of_pipes_too()
    {
        await using LoopbackWorld world = new();
        (PlexusStream bob, PlexusStream alice) = await world.OpenAsync(cancellationToken: Token);
        await using (bob)
        await using (alice)
        {
            Assert.IsAssignableFrom<IDuplexPipe>(bob);
            await bob.Output.WriteAsync("through the pipe"u8.ToArray(), Token);
            await bob.Output.CompleteAsync();
            ReadResult read = await alice.Input.ReadAtLeastAsync(16, Token);
            Assert.Equal("through the pipe", Encoding.ASCII.GetString(read.Buffer.ToArray()));
            alice.Input.AdvanceTo(read.Buffer.End);
            Assert.True((await alice.Input.ReadAsync(Token)).IsCompleted);
            await alice.Output.WriteAsync("and back"u8.ToArray(), Token); // The other half is open.
            Assert.Equal("and back", Encoding.ASCII.GetString((await bob.Input.ReadAtLeastAsync(8, Token)).Buffer.ToArray()));
        }
    }

    [Fact]
    public async Task The_methods_that_block_work_as_well()
    {
        await using LoopbackWorld world = new();
        (PlexusStream bob, PlexusStream alice) = await world.OpenAsync(cancellationToken: Token);
        await using (bob)
        await using (alice)
        {
            using StreamWriter writer = new(bob, leaveOpen: true) { AutoFlush = true };
            using StreamReader reader = new(alice, leaveOpen: true);
            writer.WriteLine("one line");
            Assert.Equal("one line", reader.ReadLine());
        }
    }

    [Fact]
    public async Task Reads_can_be_given_up_and_begun_again()
    {
        await using LoopbackWorld world = new();
        (PlexusStream bob, PlexusStream alice) = await world.OpenAsync(cancellationToken: Token);
        await using (bob)
        await using (alice)
        {
            byte[] buffer = new byte[10];
            for (int i = 0; i < 20; i++)
            {
                using CancellationTokenSource stop = new();
                ValueTask<int> reading = alice.ReadAsync(buffer, stop.Token);
                stop.Cancel();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.AsTask());
            }

            await bob.WriteAsync("still"u8.ToArray(), Token);
            await alice.ReadExactlyAsync(buffer.AsMemory(0, 5), Token);
            Assert.Equal("still"u8, buffer.AsSpan(0, 5));
        }
    }

    [Fact]
    public async Task An_inviter_whose_repository_holds_another_certificate_of_the_acceptor_refuses_it()
    {
        Identity renewed = TestIdentities.Renewed(TestIdentities.Alice);
        await using LoopbackWorld world = new(bobsAlice: renewed);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        List<PlexusException> failures = [];
        world.Alice.AttemptFailed += (_, e) => failures.Add(e);
        Task<PlexusStream> accepting = world.AcceptOneAsync(cancellationToken: stop.Token);
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => world.Bob.OpenStreamAsync(renewed, cancellationToken: Token));
        Assert.StartsWith("The other end showed another certificate than the one of alice/laptop", e.Message, StringComparison.Ordinal);
        stop.Cancel();
        await Task.WhenAny(accepting);
    }

    [Fact]
    public async Task An_acceptor_whose_repository_holds_another_certificate_of_the_inviter_refuses_it_and_serves_on()
    {
        await using LoopbackWorld world = new(alicesBob: TestIdentities.Renewed(TestIdentities.Bob));
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        TaskCompletionSource<PlexusException> failed = new();
        world.Alice.AttemptFailed += (_, e) => failed.TrySetResult(e);
        Task<PlexusStream> accepting = world.AcceptOneAsync(cancellationToken: stop.Token);
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => world.Bob.OpenStreamAsync(world.BobsAlice, cancellationToken: Token));
        Assert.StartsWith("alice/laptop refused our certificate", e.Message, StringComparison.Ordinal);
        Assert.StartsWith("The other end showed another certificate than the one of bob/server", (await failed.Task).Message, StringComparison.Ordinal);
        Assert.False(accepting.IsCompleted);
        stop.Cancel();
        await Task.WhenAny(accepting);
    }

    public static TheoryData<PlexusStreamOptions, string> Wrong => new()
    {
        { new PlexusStreamOptions { OpenTimeout = TimeSpan.Zero }, "OpenTimeout is 00:00:00, but must be 1 second to 1 hour." },
        { new PlexusStreamOptions { SilenceLimit = TimeSpan.FromSeconds(5) }, "SilenceLimit is 00:00:05, but must be 20 seconds to 7 days." },
        { new PlexusStreamOptions { CloseTimeout = TimeSpan.FromDays(1) }, "CloseTimeout is 1.00:00:00, but must be 0 to 1 hour." },
        { new PlexusStreamOptions { ReceiveBuffer = 1 }, "ReceiveBuffer is 1, but must be 64 KiB to 1 GiB." },
        { new PlexusStreamOptions { SendBuffer = -1 }, "SendBuffer is -1, but must be 64 KiB to 1 GiB." },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public async Task Options_out_of_their_range_are_told_before_anything_is_done(PlexusStreamOptions options, string message)
    {
        await using LoopbackWorld world = new();
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => world.Bob.OpenStreamAsync(world.BobsAlice, options, Token));
        Assert.Equal((PlexusStage.Settings, message), (e.Stage, e.Message));
    }

    private static async Task<string> SendAndCloseAsync(PlexusStream stream, int length)
    {
        string hash = await Bulk.SendAsync(stream, length, 3);
        await stream.CloseAsync();
        return hash;
    }
}
