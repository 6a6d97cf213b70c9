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
    [Fact] // Who sees and overtakes every datagram may now and then hold up an attempt, but no more than that.
    public void Changed_copies_of_every_datagram_under_forged_sources_change_nothing() =>
        Assert.InRange(Enumerable.Range(1, 8).Count(OpensUnderFire), 5, 8);

    private static bool OpensUnderFire(int seed)
    {
        using World world = new(seed);
        LabHost alice = world.Internet.AddNat("home", NatProfile.PortRestricted, "198.51.100.50").AddHost("alice", "192.168.1.2");
        LabHost bob = world.Internet.AddNat("away", NatProfile.PortRestricted, "203.0.113.80").AddHost("bob", "192.168.1.2");
        Side acceptor = world.AddSide("alice", alice);
        Side inviter = world.AddSide("bob", bob);
        Sprayer mallory = new(world.Internet, seed);
        bool opens = false;
        world.Run(async () =>
        {
            using CancellationTokenSource stop = new();
            List<Passage> accepted = [];
            Task serving = acceptor.ServeAsync(
                passage =>
                {
                    accepted.Add(passage);
                    return Task.CompletedTask;
                },
                stop.Token);
            await world.After(10);
            try
            {
                await using Passage ours = await inviter.InviteAsync(SampleKeys.Alice);
                await world.After(20);
                Passage theirs = Assert.Single(accepted, passage => passage.Ticket.Secret == ours.Ticket.Secret);
                Assert.Equal(ours.Ticket.Outer, theirs.Ticket.PeerEndPoint);
                Assert.Equal(theirs.Ticket.Outer, ours.Ticket.PeerEndPoint);
                Assert.DoesNotContain(world.Log.Lines, line => line.Text.Contains(ours.Ticket.Secret.ToString("x16", CultureInfo.InvariantCulture), StringComparison.Ordinal));
                opens = true;
            }
            catch (PlexusException)
            {
                // Held up; what follows holds all the same.
            }

            foreach (DhtFamilyReport report in world.DhtNodes.Select(node => node.Report()[0]))
            {
                Assert.Equal(DhtStatus.Connected, report.Status);
                Assert.InRange(report.TableSize, 0, 100);
                Assert.InRange(report.Keys, 0, 20);
                Assert.InRange(report.Values, 0, 100);
            }

            Assert.False(serving.IsCompleted);
            stop.Cancel();
            await serving;
            foreach (Passage passage in accepted) await passage.DisposeAsync();
            await acceptor.DisposeAsync();
            await inviter.DisposeAsync();
        });
        Assert.InRange(mallory.Thrown, 1_000, 100_000);
        Assert.InRange(mallory.Overtaking, 100, 100_000);
        Assert.Empty(alice.Waiting());
        Assert.Empty(bob.Waiting());
        Assert.DoesNotContain(world.Log.Lines, line => line.Level >= LogLevel.Error);
        Assert.DoesNotContain(world.Log.Lines, line => line.Text.Contains("PLEXUS 3.0", StringComparison.Ordinal) || LargeNumber().IsMatch(line.Text));
        return opens;
    }

    /// <summary>A secret or a puzzle in decimal. Nothing else that is logged has so many digits.</summary>
    [GeneratedRegex(@"\b\d{16,20}\b")]
    private static partial Regex LargeNumber();
}
