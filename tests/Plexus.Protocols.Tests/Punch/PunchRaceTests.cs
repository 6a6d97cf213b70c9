using System.Net;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Punch;

namespace Plexus.Protocols.Tests.Punch;

public class PunchRaceTests
{
    private static readonly IPEndPoint Peer = IPEndPoint.Parse("203.0.113.7:4000");

    private readonly byte[] _buffer = new byte[2048];
    private readonly PunchRace _race = new();
    private ulong _random = 12345;

    [Fact]
    public void The_handshake_whose_secret_is_right_wins()
    {
        Assert.True(_race.TryAdd(Handshake(1, Peer)));
        Assert.True(_race.TryAdd(Handshake(2, Peer)));
        Drain();
        Hear(2, heardUs: true);
        Assert.Equal(2UL, _race.Winner?.Plan.Secret.Value);
        Assert.False(_race.HasExpired);
        Assert.False(_race.TryAdd(Handshake(3, Peer)));
    }

    [Fact]
    public void Each_contender_knocks_and_the_winner_alone_confirms()
    {
        _race.TryAdd(Handshake(1, Peer));
        _race.TryAdd(Handshake(2, Peer));
        Assert.Equal(2, Drain());
        Hear(1, heardUs: true);
        Assert.Equal(1, Drain());
    }

    [Fact]
    public void The_number_of_contenders_is_bounded_and_replays_cannot_keep_the_true_one_out()
    {
        for (ulong i = 0; i < 50; i++) Assert.True(_race.TryAdd(Handshake(1000 + i, Peer)));
        Assert.Equal(PunchRace.MostContenders, Drain());
        Assert.True(_race.TryAdd(Handshake(2, Peer)));
        Hear(2, heardUs: true);
        Assert.Equal(2UL, _race.Winner?.Plan.Secret.Value);
    }

    [Fact]
    public void It_expires_with_the_last_contender()
    {
        _race.TryAdd(Handshake(1, Peer, limit: 10));
        _race.TryAdd(Handshake(2, Peer, limit: 20));
        Run(TimeSpan.FromSeconds(15));
        Assert.False(_race.HasExpired);
        Run(TimeSpan.FromSeconds(25));
        Assert.True(_race.HasExpired);
        Assert.Null(_race.Deadline);
    }

    private PunchHandshake Handshake(ulong secret, IPEndPoint peer, int limit = 60) => new(
        new PunchPlan(PunchRole.Inviter, peer, new SharedSecret(secret)) { Limit = TimeSpan.FromSeconds(limit) },
        () => _random = (_random * 6364136223846793005) + 1442695040888963407,
        Instant.Zero);

    private int Drain()
    {
        int count = 0;
        while (_race.TryTransmit(_buffer, Instant.Zero, out _)) count++;
        return count;
    }

    private void Hear(ulong secret, bool heardUs)
    {
        byte[] frame = new byte[PunchFrame.Length];
        PunchFrame.Write(frame, new SharedSecret(secret), heardUs, random: 0xA1B2C3D4E5F607);
        _race.OnDatagram(frame, Peer, Instant.Zero);
    }

    private void Run(TimeSpan until)
    {
        while (_race.Deadline is { } due && due.SinceStart <= until)
        {
            _race.OnDeadline(due);
            Drain();
        }
    }
}
