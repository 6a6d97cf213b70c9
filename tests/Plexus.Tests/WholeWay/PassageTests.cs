using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Passages;
using Plexus.Tests.Identities;

namespace Plexus.Tests.WholeWay;

public class PassageTests
{
    [Fact]
    public void Two_hosts_behind_port_restricted_nats_meet_in_a_few_round_trips()
    {
        using World world = new();
        LabHost alice = world.Internet.AddNat("home", NatProfile.PortRestricted, "198.51.100.50").AddHost("alice", "192.168.1.2");
        LabHost bob = world.Internet.AddNat("away", NatProfile.PortRestricted, "203.0.113.80").AddHost("bob", "192.168.1.2");
        world.Run(async () =>
        {
            await using Side acceptor = world.AddSide("alice", alice);
            await using Side inviter = world.AddSide("bob", bob);
            Task<Passage> accepting = acceptor.AcceptOneAsync();
            await Task.Delay(TimeSpan.FromSeconds(5), world.Internet.Clock, CancellationToken.None);

            TimeSpan start = world.Internet.Now;
            await using Passage ours = await inviter.InviteAsync(SampleKeys.Alice);
            TimeSpan took = world.Internet.Now - start;
            await using Passage theirs = await accepting;

            Assert.Equal(ours.Ticket.Secret, theirs.Ticket.Secret);
            Assert.Equal(theirs.Ticket.Outer, ours.Ticket.PeerEndPoint);
            Assert.Equal(ours.Ticket.Outer, theirs.Ticket.PeerEndPoint);
            Assert.Equal(SampleKeys.Bob, theirs.Ticket.Peer);
            // A round trip to a server is 40 ms here, one between the hosts as well. Five of them make a passage.
            Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromMilliseconds(5 * 41));
            Assert.Equal(0, world.Internet.Loop.ForeignPosts);
        });
    }
}
