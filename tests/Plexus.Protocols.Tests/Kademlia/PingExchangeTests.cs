using System.Net;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;

namespace Plexus.Protocols.Tests.Kademlia;

public sealed class PingExchangeTests
{
    private static readonly IPEndPoint Node = IPEndPoint.Parse("203.0.113.7:4222");
    private static readonly KademliaWriter Theirs = new(InfoHash.OfText("them"), networkId: 7);

    private readonly PingExchange _ping = new(InfoHash.OfText("us"), 7, 0xffff_ffff, Node, Instant.Zero);
    private readonly byte[] _buffer = new byte[2048];

    [Fact]
    public void Three_attempts_are_made_and_seven_seconds_waited()
    {
        List<(double At, uint Id)> sent = [];
        Instant now = Instant.Zero;
        while (!_ping.IsFinished)
        {
            while (_ping.TryTransmit(_buffer, now, out Transmit transmit))
            {
                Assert.Equal(Node, transmit.To);
                Assert.True(KademliaMessage.TryRead(_buffer.AsSpan(0, transmit.Length), out KademliaMessage? message));
                Assert.True(message!.IsClient);
                sent.Add((now.SinceStart.TotalSeconds, message.TransactionId));
            }

            now = _ping.Deadline!.Value;
            _ping.OnDeadline(now);
        }

        Assert.Equal([(0, 0xffff_ffff), (1, 0u), (3, 1u)], sent);
        Assert.Equal(TimeSpan.FromSeconds(7), now.SinceStart);
        Assert.Null(_ping.Answer);
    }

    [Fact]
    public void The_round_trip_is_that_of_the_attempt_that_was_answered()
    {
        Assert.True(_ping.TryTransmit(_buffer, Instant.Zero, out _));
        Instant second = Instant.Zero + TimeSpan.FromSeconds(1);
        Assert.True(_ping.TryTransmit(_buffer, second, out _));
        _ping.OnDatagram(Theirs.Acknowledge(0, IPEndPoint.Parse("198.51.100.1:1")), Node, second + TimeSpan.FromMilliseconds(30));
        Assert.True(_ping.IsFinished);
        Assert.Equal(new PingAnswer(InfoHash.OfText("them"), IPAddress.Parse("198.51.100.1"), TimeSpan.FromMilliseconds(30)), _ping.Answer);
        Assert.False(_ping.TryTransmit(_buffer, second + TimeSpan.FromSeconds(9), out _));
    }

    [Fact]
    public void Only_the_right_answer_counts()
    {
        byte[] right = Theirs.Acknowledge(0xffff_ffff, Node);
        _ping.OnDatagram(right, Node, Instant.Zero); // Before anything was asked.
        Assert.True(_ping.TryTransmit(_buffer, Instant.Zero, out _));
        _ping.OnDatagram(right, IPEndPoint.Parse("203.0.113.7:4223"), Instant.Zero);
        _ping.OnDatagram(Theirs.Acknowledge(0, Node), Node, Instant.Zero); // Of an attempt that was not made yet.
        _ping.OnDatagram(new KademliaWriter(InfoHash.OfText("them")).Acknowledge(0xffff_ffff, Node), Node, Instant.Zero); // Another network.
        _ping.OnDatagram(Theirs.Ping(0xffff_ffff), Node, Instant.Zero);
        _ping.OnDatagram(Theirs.Error(0xffff_ffff, 203, "no"), Node, Instant.Zero);
        for (int length = 0; length < right.Length; length++) _ping.OnDatagram(right.AsSpan(0, length), Node, Instant.Zero);
        Assert.False(_ping.IsFinished);
        _ping.OnDatagram(right, Node, Instant.Zero);
        Assert.True(_ping.IsFinished);
    }
}
