using System.Net;
using Plexus.App.Demo;
using Plexus.Lab;
using Plexus.Protocols;

namespace Plexus.App.Tests.Demo;

public sealed class TalkTests
{
    private static readonly string[] Ours = ["one", "two", "three"];
    private static readonly string[] Theirs = ["uno", "dos", "tres"];

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.3, 7)]
    public void Both_hear_everything_in_order_on_any_line(double loss, int seed)
    {
        using Internet internet = new(seed);
        (LabHost left, LabHost right) = Hosts(internet, loss);
        Talk talk = new(Ours, new IPEndPoint(right.Address, 5000), Instant.Zero);
        Talk answer = new(Theirs, new IPEndPoint(left.Address, 5000), Instant.Zero);
        using LabCore one = left.Attach(5000, talk), other = right.Attach(5000, answer);

        Assert.True(internet.RunUntil(() => talk.IsOver && answer.IsOver, TimeSpan.FromMinutes(1)));
        Assert.True(talk.IsComplete && answer.IsComplete);
        Assert.Equal(Theirs, talk.Heard);
        Assert.Equal(Ours, answer.Heard);
    }

    [Fact]
    public void A_talk_with_nobody_ends_incomplete()
    {
        using Internet internet = new();
        (LabHost left, LabHost right) = Hosts(internet, loss: 0);
        Talk talk = new(Ours, new IPEndPoint(right.Address, 5000), Instant.Zero);
        using LabCore one = left.Attach(5000, talk);

        Assert.True(internet.RunUntil(() => talk.IsOver, TimeSpan.FromMinutes(1)));
        Assert.False(talk.IsComplete);
        Assert.Equal(TimeSpan.FromSeconds(20), internet.Now);
    }

    [Fact]
    public void Bytes_of_strangers_and_broken_ones_change_nothing()
    {
        IPEndPoint peer = new(IPAddress.Loopback, 5000);
        Talk talk = new(Ours, peer, Instant.Zero);
        byte[] valid = [.. "talk"u8, 0, 0, .. "uno"u8];

        talk.OnDatagram(valid, new IPEndPoint(IPAddress.Loopback, 5001), Instant.Zero);
        for (int length = 0; length < 6; length++) talk.OnDatagram(valid.AsSpan(0, length), peer, Instant.Zero);
        for (int at = 0; at < 6; at++)
        {
            byte[] changed = [.. valid];
            changed[at] ^= 0x40;
            talk.OnDatagram(changed, peer, Instant.Zero);
        }

        Assert.Empty(talk.Heard);
        talk.OnDatagram(valid, peer, Instant.Zero);
        Assert.Equal(["uno"], talk.Heard);
    }

    private static (LabHost Left, LabHost Right) Hosts(Internet internet, double loss) =>
    (
        internet.AddHost("left", "1.0.0.1", LabLink.Wan with { Loss = loss }),
        internet.AddHost("right", "2.0.0.1")
    );
}
