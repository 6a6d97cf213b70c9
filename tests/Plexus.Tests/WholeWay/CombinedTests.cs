using Microsoft.Extensions.Logging;
using Plexus.Identities;
using Plexus.Lab;
using Plexus.Rendezvous;
using Plexus.Rendezvous.Email;
using Plexus.Sockets;
using Plexus.Tests.Identities;
using Plexus.Tests.Rendezvous.Email;

namespace Plexus.Tests.WholeWay;

/// <summary>The whole way over DHT and e-mail at once.</summary>
public sealed class CombinedTests : IDisposable
{
    private readonly World _world = new();
    private readonly LabMail _mail;

    public CombinedTests() => _mail = new LabMail(_world.Internet.Clock);

    public void Dispose()
    {
        Assert.Equal(0, _world.Internet.Loop.ForeignPosts);
        _world.Dispose();
    }

    [Fact]
    public void The_faster_way_wins_and_the_other_is_given_up()
    {
        (Side alice, Side bob) = AddPair();
        double seconds = 0;
        _world.Run(async () => seconds = await _world.ConnectAsync(alice, bob));
        Assert.InRange(seconds, 0, 0.5);
        Assert.Equal(0, _mail.Sent); // It was answered over the DHT before the mail server had let us in.
        Assert.Equal(0, _mail.Open);
    }

    [Fact]
    public void Where_the_DHT_is_blocked_mail_does()
    {
        World blocked = new() { Bootstrap = [new EndpointName("203.0.113.99", 4222)] };
        LabMail mail = new(blocked.Internet.Clock);
        (Side alice, Side bob) = AddPair(blocked, mail);
        double seconds = 0;
        blocked.Run(async () => seconds = await blocked.ConnectAsync(alice, bob));
        Assert.InRange(seconds, 0, 1.5);
        Assert.Equal(2, mail.Sent);
        blocked.Dispose();
    }

    [Fact]
    public void Where_the_mail_server_refuses_us_the_DHT_does()
    {
        _mail.RefusesLogins = true;
        (Side alice, Side bob) = AddPair();
        double seconds = 0;
        _world.Run(async () => seconds = await _world.ConnectAsync(alice, bob));
        Assert.InRange(seconds, 0, 0.5);
        Assert.Contains(_world.Log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("refuses the login", StringComparison.Ordinal));
    }

    [Fact]
    public void When_neither_way_works_both_reasons_are_told()
    {
        _mail.IsDown = true;
        Side bob = AddSide(_world, _mail, "bob", _world.Internet.AddHost("bob", "203.0.113.80"));
        _world.Run(async () =>
        {
            PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => bob.InviteAsync(SampleKeys.Alice));
            Assert.Equal(PlexusStage.Rendezvous, e.Stage);
            Assert.Contains("did not answer within 60 s", e.Message, StringComparison.Ordinal);
            Assert.Contains("the laboratory says so", e.Message, StringComparison.Ordinal);
            await bob.DisposeAsync();
        });
    }

    [Fact]
    public void An_invitation_that_comes_both_ways_counts_once_and_is_answered_both_ways()
    {
        _mail.RoundTrip = TimeSpan.FromMilliseconds(1);
        _mail.Delivery = TimeSpan.FromMilliseconds(1);
        (Side alice, Side bob) = AddPair(_world, _mail, new LabLink { Latency = TimeSpan.FromMilliseconds(60) });
        int invited = 0;
        _world.Run(async () =>
        {
            await _world.ConnectAsync(alice, bob, dispose: false);
            await _world.After(5);
            invited = _world.Log.Lines.Count(line => line.Text.Contains("invites us", StringComparison.Ordinal));
            await alice.DisposeAsync();
            await bob.DisposeAsync();
        });
        Assert.Equal(1, invited);
        Assert.Equal(2, _mail.Sent);
        Assert.Contains(_world.Log.Lines, line => line.Text.StartsWith("Answering invitation", StringComparison.Ordinal)); // That of the DHT.
    }

    private static Side AddSide(World world, LabMail mail, string who, LabHost host) => world.AddSide(who, host, wrap: dht => new CombinedRendezvous(
        [
            dht,
            new EmailRendezvous(
                new IdentityRepository(world.FileOf(who), world.Internet.Clock), MailWorld.Options with { AppId = World.AppId },
                mail.Account($"{who}@example.com"), new Random(1).NextDouble, world.Internet.Clock, world.Log.For(who)),
        ],
        world.Log.For(who)));

    private (Side Acceptor, Side Inviter) AddPair() => AddPair(_world, _mail);

    private static (Side Acceptor, Side Inviter) AddPair(World world, LabMail mail, LabLink? line = null)
    {
        LabHost alice = world.Internet.AddHost("alice", "198.51.100.50"), bob = world.Internet.AddHost("bob", "203.0.113.80");
        if (line is not null) alice.Link = bob.Link = line;
        return (AddSide(world, mail, "alice", alice), AddSide(world, mail, "bob", bob));
    }
}
