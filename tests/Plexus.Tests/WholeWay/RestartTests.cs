using Plexus.Lab;
using Plexus.Passages;
using Plexus.Tests.Identities;

namespace Plexus.Tests.WholeWay;

/// <summary>What a side finds that was started after others had gone.</summary>
public class RestartTests
{
    [Theory] // Somebody whose peer does not answer tries again and again, and then starts the other side anew.
    [InlineData(0)]
    [InlineData(5000)]
    public void An_acceptor_that_finds_many_abandoned_invitations_still_serves_the_next_one(int port)
    {
        using World world = new();
        Side acceptor = world.AddSide(
            "alice", world.Internet.AddHost("alice", "198.51.100.50"), o => o with { LocalEndPoint = new(System.Net.IPAddress.Any, port) });
        LabHost away = world.Internet.AddHost("bob", "203.0.113.80");
        world.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
            {
                using CancellationTokenSource stop = new();
                Side hasty = world.AddSide("bob", away);
                Task<Passage> inviting = hasty.InviteAsync(SampleKeys.Alice, stop.Token);
                await world.After(2);
                stop.Cancel();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => inviting);
                await hasty.DisposeAsync();
            }

            using CancellationTokenSource end = new();
            List<ulong> accepted = [];
            Task serving = acceptor.ServeAsync(
                async passage =>
                {
                    accepted.Add(passage.Ticket.Secret);
                    await passage.DisposeAsync();
                },
                end.Token);
            await world.After(5);
            Side inviter = world.AddSide("bob", away);
            TimeSpan start = world.Internet.Now;
            await using Passage ours = await inviter.InviteAsync(SampleKeys.Alice);
            Assert.InRange((world.Internet.Now - start).TotalSeconds, 0, 1);
            await world.After(0.1); // The acceptor hears it one way later.
            Assert.Equal([ours.Ticket.Secret], accepted);
            Assert.Contains(world.Log.Lines, line => line.Text.Contains("gives way", StringComparison.Ordinal));
            end.Cancel();
            await serving;
            await acceptor.DisposeAsync();
            await inviter.DisposeAsync();
        });
    }

    [Fact] // The answers to the first one are still there, and an answer is told by the second of its invitation alone.
    public void Two_runs_of_an_inviter_within_one_second_both_connect()
    {
        using World world = new();
        Side acceptor = world.AddSide("alice", world.Internet.AddHost("alice", "198.51.100.50"));
        LabHost away = world.Internet.AddHost("bob", "203.0.113.80");
        world.Run(async () =>
        {
            using CancellationTokenSource stop = new();
            List<ulong> accepted = [];
            Task serving = acceptor.ServeAsync(
                async passage =>
                {
                    accepted.Add(passage.Ticket.Secret);
                    await passage.DisposeAsync();
                },
                stop.Token);
            await world.After(5);
            await world.After(1 - world.Internet.Clock.GetUtcNow().TimeOfDay.TotalSeconds % 1); // A second begins.
            long second = world.Internet.Clock.GetUtcNow().ToUnixTimeSeconds();
            for (int run = 0; run < 2; run++)
            {
                Side inviter = world.AddSide("bob", away);
                Assert.Equal(second, world.Internet.Clock.GetUtcNow().ToUnixTimeSeconds());
                await using Passage passage = await inviter.InviteAsync(SampleKeys.Alice);
                await world.After(0.1); // The acceptor hears it one way later.
                Assert.Contains(passage.Ticket.Secret, accepted);
                await inviter.DisposeAsync();
            }

            Assert.Equal(second, world.Internet.Clock.GetUtcNow().ToUnixTimeSeconds());
            stop.Cancel();
            await serving;
            await acceptor.DisposeAsync();
        });
    }
}
