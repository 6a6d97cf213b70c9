using Plexus.Passages;
using Plexus.Tests.Identities;
using static Plexus.PassageCapabilities;

namespace Plexus.Tests.WholeWay;

/// <summary>What both sides announce comes to both sides.</summary>
public class CapabilityTests
{
    [Theory] // Announced by the acceptor, by the inviter, and what both can.
    [InlineData(SecureStreams | Multiplexing, SecureStreams | Multiplexing, SecureStreams | Multiplexing)]
    [InlineData(SecureStreams, SecureStreams | Multiplexing, SecureStreams)]
    [InlineData(SecureStreams, Multiplexing, None)]
    [InlineData(None, SecureStreams | Multiplexing, None)]
    public void Both_ends_of_a_passage_know_what_the_other_can(
        PassageCapabilities acceptor, PassageCapabilities inviter, PassageCapabilities agreed)
    {
        using World world = new();
        Side alice = world.AddSide("alice", world.Internet.AddHost("alice", "198.51.100.50"), options => options with { Capabilities = acceptor });
        Side bob = world.AddSide("bob", world.Internet.AddHost("bob", "203.0.113.80"), options => options with { Capabilities = inviter });
        world.Run(async () =>
        {
            Task<Passage> accepting = alice.AcceptOneAsync();
            await world.After(5);
            await using Passage ours = await bob.InviteAsync(SampleKeys.Alice);
            await using Passage theirs = await accepting;
            Assert.Equal((acceptor, agreed), (ours.Ticket.PeerCapabilities, ours.Ticket.AgreedCapabilities));
            Assert.Equal((inviter, agreed), (theirs.Ticket.PeerCapabilities, theirs.Ticket.AgreedCapabilities));
            await alice.DisposeAsync();
            await bob.DisposeAsync();
        });
    }
}
