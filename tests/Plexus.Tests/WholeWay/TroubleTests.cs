using Plexus.Identities;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Passages;
using Plexus.Sockets;
using Plexus.Tests.Identities;

namespace Plexus.Tests.WholeWay;

/// <summary>The whole way when something is wrong: lines, servers, clocks, networks.</summary>
public class TroubleTests
{
    [Fact]
    public void A_tenth_of_all_datagrams_lost_costs_seconds_but_no_passage()
    {
        List<double> seconds = [];
        for (int seed = 1; seed <= 10; seed++)
        {
            using World world = new(seed);
            LabLink lossy = new() { Latency = TimeSpan.FromMilliseconds(10), Hops = 4, Loss = 0.1 };
            (Side acceptor, Side inviter) = world.AddPair(lossy);
            world.Run(async () => seconds.Add(await world.ConnectAsync(acceptor, inviter)));
        }

        Assert.InRange(seconds.Order().ElementAt(5), 0, 2);
        Assert.InRange(seconds.Max(), 0, 15);
    }

    [Fact]
    public void Dead_stun_servers_cost_a_tenth_of_a_second_while_one_lives()
    {
        using World world = new() { StunServers = [new("198.51.100.200", 3478), new("198.51.100.201", 3478), new("198.51.100.1", 3478)] };
        (Side acceptor, Side inviter) = world.AddPair();
        world.Run(async () => Assert.InRange(await world.ConnectAsync(acceptor, inviter), 0, 0.4));
    }

    [Fact]
    public void Without_any_stun_server_the_user_learns_each_ones_fate()
    {
        using World world = new() { StunServers = [new("198.51.100.200", 3478), new("no-such-name", 3478)] };
        (_, Side inviter) = world.AddPair();
        world.Run(async () =>
        {
            PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => inviter.InviteAsync(SampleKeys.Alice));
            Assert.Equal(PlexusStage.Exploration, e.Stage);
            Assert.Contains("198.51.100.200", e.Message, StringComparison.Ordinal);
            Assert.Contains("no-such-name", e.Message, StringComparison.Ordinal);
            await inviter.DisposeAsync();
        });
    }

    [Fact]
    public void Without_a_dht_node_the_user_learns_that_none_answered()
    {
        using World world = new() { Bootstrap = [new EndpointName("198.51.100.200", 4222)] };
        (_, Side inviter) = world.AddPair();
        world.Run(async () =>
        {
            PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => inviter.InviteAsync(SampleKeys.Alice));
            Assert.Equal(PlexusStage.Rendezvous, e.Stage);
            Assert.StartsWith("No node of the OpenDHT network answered", e.Message, StringComparison.Ordinal);
            Assert.Contains("198.51.100.200", e.Message, StringComparison.Ordinal);
            await inviter.DisposeAsync();
        });
    }

    [Fact]
    public void Without_an_acceptor_the_inviter_gives_up_after_a_minute()
    {
        using World world = new();
        (_, Side inviter) = world.AddPair();
        world.Run(async () =>
        {
            TimeSpan start = world.Internet.Now;
            PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => inviter.InviteAsync(SampleKeys.Alice));
            Assert.Equal(PlexusStage.Rendezvous, e.Stage);
            Assert.StartsWith("alice@example.com/hosta did not answer", e.Message, StringComparison.Ordinal);
            Assert.InRange((world.Internet.Now - start).TotalSeconds, 59, 62);
            await inviter.DisposeAsync();
        });
    }

    [Fact]
    public void An_acceptor_that_comes_later_still_finds_the_invitation()
    {
        using World world = new();
        (Side acceptor, Side inviter) = world.AddPair();
        world.Run(async () =>
        {
            Task<Passage> inviting = inviter.InviteAsync(SampleKeys.Alice);
            await world.After(20);
            await using Passage theirs = await acceptor.AcceptOneAsync();
            await using Passage ours = await inviting;
            Assert.Equal(ours.Ticket.Secret, theirs.Ticket.Secret);
            await acceptor.DisposeAsync();
            await inviter.DisposeAsync();
        });
    }

    [Theory] // Minutes by which the inviter's clock is ahead of the acceptor's.
    [InlineData(-10)]
    [InlineData(10)]
    public void Clocks_may_differ_by_minutes(int minutes)
    {
        using World world = new() { InviterSkew = TimeSpan.FromMinutes(minutes) };
        (Side acceptor, Side inviter) = world.AddPair();
        world.Run(async () => Assert.InRange(await world.ConnectAsync(acceptor, inviter, lead: 30), 0, 0.5));
    }

    [Fact]
    public void A_certificate_that_is_added_while_the_acceptor_runs_counts()
    {
        using World world = new();
        (Side acceptor, Side inviter) = world.AddPair();
        string certificate = world.FileOf("alice", "bob@example.com", "hostb", "cert.crt");
        string elsewhere = certificate + ".away";
        File.Move(certificate, elsewhere);
        world.Run(async () =>
        {
            Task<Passage> accepting = acceptor.AcceptOneAsync();
            await world.After(5);
            Task<Passage> inviting = inviter.InviteAsync(SampleKeys.Alice);
            await world.After(5);
            Assert.False(accepting.IsCompleted);
            Assert.Single(world.Log.Lines, line => line.Text.Contains("not in the repository", StringComparison.Ordinal));
            File.Move(elsewhere, certificate);
            await using Passage ours = await inviting; // Its next repetition is heard.
            await using Passage theirs = await accepting;
            await acceptor.DisposeAsync();
            await inviter.DisposeAsync();
        });
    }

    [Fact]
    public void A_chosen_port_serves_one_attempt_after_another()
    {
        using World world = new();
        LabHost alice = world.Internet.AddHost("alice", "198.51.100.50");
        Side acceptor = world.AddSide("alice", alice, o => o with { LocalEndPoint = new(System.Net.IPAddress.Any, 5000) });
        Side bob = world.AddSide("bob", world.Internet.AddHost("bob", "203.0.113.80"));
        Side carol = world.AddSide("carol", world.Internet.AddHost("carol", "203.0.113.81"));
        world.Run(async () =>
        {
            using CancellationTokenSource stop = new();
            List<Passage> accepted = [];
            Task serving = acceptor.ServeAsync(
                async passage =>
                {
                    accepted.Add(passage);
                    await passage.ReleaseAsync(); // The next one may have the port.
                },
                stop.Token);
            await world.After(5);
            Task<Passage> first = bob.InviteAsync(SampleKeys.Alice);
            Task<Passage> second = carol.InviteAsync(SampleKeys.Alice);
            await using Passage one = await first;
            await using Passage two = await second;
            await world.After(1);
            Assert.Equal(2, accepted.Count);
            Assert.All(accepted, passage => Assert.Equal(5000, passage.Ticket.Inner.Port));
            stop.Cancel();
            await serving;
            foreach (Side side in (Side[])[acceptor, bob, carol]) await side.DisposeAsync();
        });
    }

    [Fact]
    public void In_a_network_of_sixty_nodes_they_meet_as_fast()
    {
        using World world = new(dhtNodes: 60);
        (Side acceptor, Side inviter) = world.AddPair();
        world.Run(async () => Assert.InRange(await world.ConnectAsync(acceptor, inviter, lead: 60), 0, 0.5));
    }

    [Fact]
    public void A_third_of_the_network_dead_costs_little()
    {
        using World world = new(dhtNodes: 45);
        (Side acceptor, Side inviter) = world.AddPair();
        world.Run(async () =>
        {
            await world.After(60);
            for (int i = 1; i < world.DhtNodes.Count; i += 3) await world.DhtNodes[i].DisposeAsync();
            Assert.InRange(await world.ConnectAsync(acceptor, inviter, lead: 60), 0, 3);
        });
    }

    [Fact] // As the kernel's NAT does while its router answers what nobody asked for.
    public void Nats_that_an_early_datagram_hurts_are_not_hurt()
    {
        using World world = new();
        NatProfile harmful = NatProfile.PortRestricted with { Unsolicited = UnsolicitedReaction.PoisonTuple };
        LabHost alice = world.Internet.AddNat("home", harmful, "198.51.100.50").AddHost("alice", "192.168.1.2");
        LabHost bob = world.Internet.AddNat("away", harmful, "203.0.113.80").AddHost("bob", "192.168.1.2");
        Side acceptor = world.AddSide("alice", alice);
        Side inviter = world.AddSide("bob", bob);
        // The inviter hears of the answer two seconds late, on a line that is otherwise good.
        bob.Link = new LabLink { Latency = TimeSpan.FromSeconds(1), Hops = 4 };
        world.Run(async () => Assert.InRange(await world.ConnectAsync(acceptor, inviter), 0, 15));
    }

    [Fact]
    public void An_advent_reaches_who_waits_for_it()
    {
        using World world = new();
        (Side alice, Side bob) = world.AddPair();
        world.Run(async () =>
        {
            using CancellationTokenSource stop = new();
            List<IdentityName> heard = [];
            Task hearing = HearAsync();
            await world.After(5);
            await alice.Rendezvous.ForwardAdventAsync(alice.Identity, alice.Repository.LoadPeer(SampleKeys.Bob));
            await world.After(5);
            Assert.Equal([SampleKeys.Alice], heard);
            stop.Cancel();
            await hearing;
            await alice.DisposeAsync();
            await bob.DisposeAsync();

            async Task HearAsync()
            {
                try
                {
                    await foreach (Identity peer in bob.Rendezvous.ReceiveAdventsAsync(bob.Identity, IdentityName.Any, stop.Token))
                        heard.Add(peer.Name);
                }
                catch (OperationCanceledException)
                {
                    // The end of the test.
                }
            }
        });
    }
}
