using Plexus.Dht;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Passages;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Tests.Identities;

namespace Plexus.Tests.WholeWay;

/// <summary>The whole way among liars, strangers and copyists.</summary>
public class HostileTests
{
    private static readonly string InviteKeyText = SampleKeys.IdOf("alice") + World.AppId + "invite";

    [Fact]
    public void One_lying_stun_server_of_three_decides_nothing()
    {
        using World world = new() { LyingStunServer = true };
        (Side acceptor, Side inviter) = world.AddPair();
        world.Run(async () => Assert.InRange(await world.ConnectAsync(acceptor, inviter), 0, 0.5));
    }

    [Fact]
    public void Strangers_values_cost_an_acceptor_nothing()
    {
        using World world = new();
        (Side acceptor, Side inviter) = world.AddPair();
        LabHost stranger = world.Internet.AddHost("stranger", "203.0.113.200");
        world.Run(async () =>
        {
            await using DhtNode node = await world.StartDhtNodeAsync(stranger);
            await world.After(10);
            InfoHash key = InfoHash.OfText(InviteKeyText);
            byte[] bob = world.KeyOf("bob");
            ulong now = (ulong)world.Internet.Clock.GetUtcNow().ToUnixTimeSeconds();
            List<DhtPut> puts = [];
            for (uint i = 0; i < 60; i++)
            {
                // Without an owner; owned by bob with a forged signature; the same at the end of time.
                puts.Add(node.Put(key, new DhtValue { Id = now + i, Data = new byte[100] }));
                puts.Add(node.Put(key, new DhtValue { Id = now + 1000 + i, Data = new byte[256], Owner = bob, Signature = new byte[256] }));
                puts.Add(node.Put(key, new DhtValue { Id = ulong.MaxValue - i, Data = new byte[256], Owner = bob, Signature = new byte[1] }));
            }

            await world.After(5);
            Assert.InRange(await world.ConnectAsync(acceptor, inviter), 0, 8); // Some of its ids are taken; it tries the next.
            Assert.DoesNotContain(world.Log.Lines, line => line.Who == "alice" && line.Text.Contains("failed at", StringComparison.Ordinal));
            foreach (DhtPut put in puts) put.Dispose();
        });
    }

    [Fact]
    public void A_copied_invitation_starts_nothing()
    {
        using World world = new();
        (Side acceptor, Side inviter) = world.AddPair();
        LabHost copyist = world.Internet.AddHost("copyist", "203.0.113.200");
        world.Run(async () =>
        {
            await using DhtNode node = await world.StartDhtNodeAsync(copyist);
            await world.After(10);
            InfoHash key = InfoHash.OfText(InviteKeyText);
            List<DhtValue> seen = [];
            using DhtListen listening = node.Listen(key, seen.Add);
            await world.After(5);
            await world.ConnectAsync(acceptor, inviter, dispose: false);

            DhtValue invitation = seen.First(v => v.IsSigned);
            using DhtPut copy = node.Put(key, invitation with { Id = invitation.Id + 100 });
            await world.After(10);
            Assert.Single(world.Log.Lines, line => line.Text.Contains("invites us", StringComparison.Ordinal));
            Assert.Contains(world.Log.Lines, line => line.Text.Contains("is dropped: Replayed", StringComparison.Ordinal));
            await acceptor.DisposeAsync();
            await inviter.DisposeAsync();
        });
    }

    [Theory] // How many old answers of the peer come before the true one.
    [InlineData(1)]
    [InlineData(7)]
    public void Old_answers_that_somebody_replays_are_tried_beside_the_true_one(int replays)
    {
        using World world = new();
        LabNat home = world.Internet.AddNat("home", NatProfile.PortRestricted, "198.51.100.50");
        LabNat away = world.Internet.AddNat("away", NatProfile.PortRestricted, "203.0.113.80");
        Side acceptor = world.AddSide("alice", home.AddHost("alice", "192.168.1.2"));
        Side inviter = world.AddSide(
            "bob", away.AddHost("bob", "192.168.1.2"), wrap: rendezvous => new ReplayedAnswers(rendezvous, "198.51.100.50", replays));
        world.Run(async () => Assert.InRange(await world.ConnectAsync(acceptor, inviter), 0, 0.5));
        Assert.Equal(replays + 1, world.Log.Lines.Count(
            line => line.Who == "bob" && line.Text.StartsWith("Punching towards", StringComparison.Ordinal)));
    }

    [Fact]
    public void Nothing_secret_reaches_the_log()
    {
        using World world = new();
        (Side acceptor, Side inviter) = world.AddPair();
        world.Run(async () =>
        {
            Task<Passage> accepting = acceptor.AcceptOneAsync();
            await world.After(5);
            await using Passage ours = await inviter.InviteAsync(SampleKeys.Alice);
            await using Passage theirs = await accepting;
            string secret = ours.Ticket.Secret.ToString(System.Globalization.CultureInfo.InvariantCulture);
            Assert.NotEmpty(world.Log.Lines);
            Assert.DoesNotContain(world.Log.Lines, line => line.Text.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(world.Log.Lines, line => line.Text.Contains("PLEXUS 3.0", StringComparison.Ordinal));
            Assert.DoesNotContain(secret, ours.Ticket.ToString(), StringComparison.Ordinal);
            await acceptor.DisposeAsync();
            await inviter.DisposeAsync();
        });
    }
}
