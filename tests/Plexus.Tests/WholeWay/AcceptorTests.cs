using System.Net;
using Microsoft.Extensions.Logging;
using Plexus.Lab;
using Plexus.Passages;
using Plexus.Rendezvous;
using Plexus.Tests.Identities;

namespace Plexus.Tests.WholeWay;

/// <summary>An acceptor and the code around it that misbehaves: it neither ends, nor keeps a socket.</summary>
public sealed class AcceptorTests : IDisposable
{
    private readonly World _world = new();
    private readonly LabHost _alice;

    public AcceptorTests() => _alice = _world.Internet.AddHost("alice", "198.51.100.50");

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_handler_of_failed_attempts_that_throws_ends_nothing()
    {
        Side bob = AddBob();
        int failed = 0;
        Side alice = _world.AddSide("alice", _alice, wrap: inner => new ScriptedInvitations(inner, [Impossible(bob), Impossible(bob)]));
        alice.Host.AttemptFailed += (_, _) =>
        {
            failed++;
            throw new InvalidOperationException("The handler's own trouble.");
        };
        _world.Run(async () =>
        {
            Task<Passage> accepting = alice.AcceptOneAsync();
            await _world.After(5);
            await using Passage ours = await bob.InviteAsync(SampleKeys.Alice);
            await using Passage theirs = await accepting;
            await alice.DisposeAsync();
            await bob.DisposeAsync();
        });
        Assert.Equal(2, failed);
        Assert.Equal(2, _world.Log.Lines.Count(line => line.Level == LogLevel.Error));
        Assert.Empty(_alice.Waiting());
    }

    [Fact]
    public void Two_enumerations_at_once_leave_no_socket_behind()
    {
        Side alice = _world.AddSide("alice", _alice);
        Side bob = AddBob();
        _world.Run(async () =>
        {
            using CancellationTokenSource stop = new();
            Task<Passage> first = alice.AcceptOneAsync(stop.Token), second = alice.AcceptOneAsync(stop.Token);
            await _world.After(5);
            Assert.Equal(3, _alice.Waiting().Count()); // The DHT's two, and one spare for both.
            await using (await bob.InviteAsync(SampleKeys.Alice))
            {
                await _world.After(1);
            }

            stop.Cancel();
            foreach (Task<Passage> accepting in new[] { first, second })
            {
                try
                {
                    await (await accepting).DisposeAsync();
                }
                catch (OperationCanceledException)
                {
                    // Its attempt had not come to its end.
                }
            }

            await alice.DisposeAsync();
            await bob.DisposeAsync();
        });
        Assert.Empty(_alice.Waiting());
    }

    [Fact]
    public void Passages_that_nobody_takes_do_not_pile_up()
    {
        Side alice = _world.AddSide("alice", _alice, options => options with { MaximumAttempts = 2 });
        Side bob = AddBob();
        _world.Run(async () =>
        {
            await using (IAsyncEnumerator<Passage> passages = alice.Host.AcceptAsync().GetAsyncEnumerator(CancellationToken.None))
            {
                ValueTask<bool> first = passages.MoveNextAsync();
                await _world.After(5);
                int opened = 0;
                for (int run = 0; run < 8; run++)
                {
                    try
                    {
                        await using Passage passage = await bob.InviteAsync(SampleKeys.Alice);
                        opened++;
                    }
                    catch (PlexusException)
                    {
                        // Alice has no room for it.
                    }
                }

                Assert.Equal(5, opened); // One taken, two that wait, two that wait to wait.
                Assert.True(await first);
                await passages.Current.DisposeAsync();
                Assert.InRange(_alice.Waiting().Count(), 2, 2 + 1 + 4);
            }

            await alice.DisposeAsync();
            await bob.DisposeAsync();
        }, TimeSpan.FromMinutes(30));
        Assert.Empty(_alice.Waiting());
    }

    [Fact]
    public void When_the_rendezvous_fails_the_attempts_under_way_end_at_once()
    {
        Side bob = AddBob();
        TaskCompletionSource<Exception> failure = new();
        Side alice = _world.AddSide("alice", _alice, wrap: inner => new ScriptedInvitations(inner, [Silent(bob), Silent(bob)], failure.Task));
        _world.Run(async () =>
        {
            Task<Passage> accepting = alice.AcceptOneAsync();
            await _world.After(5);
            TimeSpan start = _world.Internet.Now;
            failure.SetResult(new PlexusException(PlexusStage.Rendezvous, "It is gone."));
            PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => accepting);
            Assert.Equal("It is gone.", e.Message);
            Assert.InRange((_world.Internet.Now - start).TotalSeconds, 0, 1);
            Assert.Empty(_alice.Waiting());
            await alice.DisposeAsync();
            await bob.DisposeAsync();
        });
    }

    private static Invitation Impossible(Side peer) => From(peer, "127.0.0.1:9");

    private static Invitation Silent(Side peer) => From(peer, "203.0.113.99:9");

    private static Invitation From(Side peer, string endPoint) =>
        new(peer.Identity, new Introduction(IPEndPoint.Parse(endPoint), 1), (_, _) => Task.CompletedTask);

    private Side AddBob() => _world.AddSide("bob", _world.Internet.AddHost("bob", "203.0.113.80"));
}
