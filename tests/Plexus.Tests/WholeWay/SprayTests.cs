using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Plexus.Dht;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Passages;
using Plexus.Tests.Identities;

namespace Plexus.Tests.WholeWay;

/// <summary>The whole way under fire.</summary>
public partial class SprayTests
{
    [Theory] // A seed that fails becomes a line here.
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(16)]
    [InlineData(27)]
    public void Changed_copies_of_every_datagram_under_forged_sources_change_nothing(int seed)
    {
        using World world = new(seed);
        LabHost alice = world.Internet.AddNat("home", NatProfile.PortRestricted, "198.51.100.50").AddHost("alice", "192.168.1.2");
        LabHost bob = world.Internet.AddNat("away", NatProfile.PortRestricted, "203.0.113.80").AddHost("bob", "192.168.1.2");
        Side acceptor = world.AddSide("alice", alice);
        Side inviter = world.AddSide("bob", bob);
        Sprayer mallory = new(world.Internet, seed);
        world.Run(async () =>
        {
            Task<Passage> accepting = acceptor.AcceptOneAsync();
            await world.After(10);
            await using (Passage ours = await inviter.InviteAsync(SampleKeys.Alice))
            await using (Passage theirs = await accepting)
            {
                await world.After(20);
                Assert.Equal(ours.Ticket.Secret, theirs.Ticket.Secret);
                Assert.Equal(ours.Ticket.Outer, theirs.Ticket.PeerEndPoint);
                Assert.Equal(theirs.Ticket.Outer, ours.Ticket.PeerEndPoint);
                Assert.DoesNotContain(world.Log.Lines, line => line.Text.Contains(ours.Ticket.Secret.ToString("x16", CultureInfo.InvariantCulture), StringComparison.Ordinal));
            }

            foreach (DhtFamilyReport report in world.DhtNodes.Select(node => node.Report()[0]))
            {
                Assert.Equal(DhtStatus.Connected, report.Status);
                Assert.InRange(report.TableSize, 0, 100);
                Assert.InRange(report.Keys, 0, 20);
                Assert.InRange(report.Values, 0, 50);
            }

            await acceptor.DisposeAsync();
            await inviter.DisposeAsync();
        });
        Assert.InRange(mallory.Thrown, 1_000, 100_000);
        Assert.InRange(mallory.Overtaking, 100, 100_000);
        Assert.Empty(alice.Waiting());
        Assert.Empty(bob.Waiting());
        Assert.DoesNotContain(world.Log.Lines, line => line.Level >= LogLevel.Error);
        Assert.DoesNotContain(world.Log.Lines, line => line.Text.Contains("PLEXUS 3.0", StringComparison.Ordinal) || LargeNumber().IsMatch(line.Text));
    }

    /// <summary>A secret or a puzzle in decimal. Nothing else that is logged has so many digits.</summary>
    [GeneratedRegex(@"\b\d{16,20}\b")]
    private static partial Regex LargeNumber();
}
