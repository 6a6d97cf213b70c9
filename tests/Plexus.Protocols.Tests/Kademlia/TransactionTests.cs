using System.Net;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>docs/protocols/opendht-node.md: attempts, matching, and who is believed.</summary>
public sealed class TransactionTests
{
    private readonly KademliaLab _lab = new() { LatencyMilliseconds = (10, 10), Trace = [] };

    [Fact]
    public void A_silent_endpoint_is_asked_four_times_and_again_after_ten_seconds()
    {
        ScriptedPeer silent = _lab.AddPeer();
        LabNode node = _lab.AddNode();
        node.Bootstrap(silent.EndPoint);
        _lab.Run(TimeSpan.FromSeconds(9.9));
        Assert.Equal(KademliaStatus.Connecting, node.Node.StatusAt(_lab.Now));
        List<Instant> pings = [.. silent.TimesOf(KademliaRequest.Ping)];
        Assert.Equal(4, pings.Count);
        Assert.InRange((pings[1] - pings[0]).TotalSeconds, 0.3, 0.375);
        Assert.InRange((pings[2] - pings[1]).TotalSeconds, 0.6, 0.75);
        Assert.InRange((pings[3] - pings[2]).TotalSeconds, 1.2, 1.5);
        Assert.Single(silent.Heard.Select(h => h.Message.TransactionId).Distinct()); // The same bytes each time.
        Assert.Equal(1, node.Node.Counters.Timeouts);

        _lab.Run(TimeSpan.FromSeconds(60)); // The periods: 10, 20, 40 s, each with four attempts.
        Assert.Equal(12, silent.Requests(KademliaRequest.Ping).Count());
    }

    [Fact]
    public void An_answer_counts_only_from_where_the_question_went()
    {
        ScriptedPeer asked = _lab.AddPeer();
        ScriptedPeer other = _lab.AddPeer();
        LabNode node = _lab.AddNode();
        node.Bootstrap(asked.EndPoint);
        _lab.Run(TimeSpan.FromMilliseconds(100));
        uint id = asked.Requests(KademliaRequest.Ping).First().TransactionId;
        other.Send(node.EndPoint, other.Writer.Acknowledge(id, node.EndPoint));
        asked.Send(node.EndPoint, asked.Writer.Acknowledge(id + 1, node.EndPoint));
        _lab.Run(TimeSpan.FromMilliseconds(100));
        Assert.Equal(1, node.Node.Counters.Dropped(DropReason.WrongSource));
        Assert.Equal(1, node.Node.Counters.Dropped(DropReason.Unexpected));
        Assert.Equal(0, node.Node.RoutingTableSize);

        asked.Send(node.EndPoint, asked.Writer.Acknowledge(id, node.EndPoint));
        asked.Send(node.EndPoint, asked.Writer.Acknowledge(id, node.EndPoint));
        _lab.Run(TimeSpan.FromMilliseconds(100));
        Assert.Equal(2, node.Node.Counters.Dropped(DropReason.Unexpected));
        Assert.Equal(KademliaStatus.Connected, node.Node.StatusAt(_lab.Now));
        Assert.Equal(node.EndPoint.Address, node.Node.ReportedAddress);
        Assert.Equal([new NodeEntry(asked.Id, asked.EndPoint)], node.Node.GoodNodes(_lab.Now));
    }

    [Fact]
    public void Transaction_ids_are_spread_over_the_whole_range()
    {
        ScriptedPeer peer = _lab.AddPeer();
        LabNode node = _lab.AddNode();
        node.Bootstrap(peer.EndPoint);
        for (int i = 0; i < 60; i++) node.Get(InfoHash.OfText($"{i}"));
        _lab.Run(TimeSpan.FromSeconds(60));
        uint[] ids = [.. peer.Heard.Select(h => h.Message.TransactionId).Distinct()];
        Assert.True(ids.Length > 15);
        Assert.Contains(ids, id => id > uint.MaxValue / 4 * 3);
        Assert.Contains(ids, id => id < uint.MaxValue / 4);
    }

    [Fact]
    public void A_reply_and_an_error_never_cause_an_answer()
    {
        ScriptedPeer peer = _lab.AddPeer();
        LabNode node = _lab.AddNode();
        peer.Send(
            node.EndPoint,
            peer.Writer.Acknowledge(7, node.EndPoint),
            peer.Writer.Error(7, KademliaError.WrongToken, "no"),
            peer.Writer.Nodes(8, node.EndPoint, [], [], ScriptedPeer.Token),
            peer.Writer.LegacyExpired(9, [1], ScriptedPeer.Token));
        _lab.Run(TimeSpan.FromSeconds(2));
        Assert.Empty(peer.Heard);
        Assert.Equal(4, node.Node.Counters.Dropped(DropReason.Unexpected));
        Assert.Equal(0, node.Node.Load.Nodes);
    }

    [Fact]
    public void A_good_nodes_id_at_another_address_has_to_prove_itself()
    {
        ScriptedPeer honest = _lab.AddPeer();
        honest.Behave();
        LabNode node = _lab.AddNode();
        node.Bootstrap(honest.EndPoint);
        _lab.Run(TimeSpan.FromSeconds(1));
        ScriptedPeer thief = _lab.AddPeer();
        thief.Writer = new KademliaWriter(honest.Id);
        thief.Send(node.EndPoint, thief.Writer.Ping(1));
        _lab.Run(TimeSpan.FromMilliseconds(100));
        Assert.Equal(honest.EndPoint, Assert.Single(node.Node.GoodNodes(_lab.Now)).EndPoint);
        KademliaMessage proof = Assert.Single(thief.Requests(KademliaRequest.Ping)); // The other message was the answer.

        thief.Send(node.EndPoint, thief.Writer.Acknowledge(proof.TransactionId, node.EndPoint));
        _lab.Run(TimeSpan.FromMilliseconds(100));
        Assert.Equal(thief.EndPoint, Assert.Single(node.Node.GoodNodes(_lab.Now)).EndPoint); // It moved, for all we know.
    }

    [Fact]
    public void Another_id_at_the_place_that_was_asked_replaces_the_one_that_is_gone()
    {
        ScriptedPeer peer = _lab.AddPeer();
        peer.Behave();
        LabNode node = _lab.AddNode();
        InfoHash former = InfoHash.OfText("former");
        node.Node.Insert(new NodeEntry(former, peer.EndPoint), _lab.Now);
        GetOperation get = node.Get(InfoHash.OfText("key"));
        Assert.True(_lab.RunUntil(() => get.IsFinished, TimeSpan.FromSeconds(1)));
        Assert.True(node.Has(get, KademliaEventKind.Complete));
        Assert.Equal(peer.Id, Assert.Single(node.Node.GoodNodes(_lab.Now)).Id);
    }

    [Fact]
    public void Martians_strangers_of_other_networks_and_ourselves_are_dropped()
    {
        LabNode node = _lab.AddNode(o => o with { NetworkId = 7 });
        ScriptedPeer peer = _lab.AddPeer();
        peer.Send(node.EndPoint, peer.Writer.Ping(1));
        peer.Writer = new KademliaWriter(node.Id, networkId: 7);
        peer.Send(node.EndPoint, peer.Writer.Ping(2));
        peer.Writer = new KademliaWriter(InfoHash.Zero, networkId: 7);
        peer.Send(node.EndPoint, peer.Writer.Ping(3));
        peer.Send(node.EndPoint, [0xc1, 0, 0]);
        _lab.Run(TimeSpan.FromSeconds(1));
        node.Node.OnDatagram(peer.Writer.Ping(4), new IPEndPoint(IPAddress.Parse("224.0.0.1"), 4222), _lab.Now);
        node.Node.OnDatagram(peer.Writer.Ping(4), new IPEndPoint(IPAddress.Parse("1.2.3.4"), 0), _lab.Now);
        node.Node.OnDatagram(peer.Writer.Ping(4), new IPEndPoint(IPAddress.Parse("2001:db8::1"), 4222), _lab.Now);
        Assert.Empty(peer.Heard);
        Assert.Equal(1, node.Node.Counters.Dropped(DropReason.OtherNetwork));
        Assert.Equal(2, node.Node.Counters.Dropped(DropReason.NoSender));
        Assert.Equal(1, node.Node.Counters.Dropped(DropReason.Malformed));
        Assert.Equal(3, node.Node.Counters.Dropped(DropReason.Martian));
        peer.Writer = new KademliaWriter(InfoHash.OfText("a neighbour"), networkId: 7);
        peer.Send(node.EndPoint, peer.Writer.Ping(5));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(7u, Assert.Single(peer.Heard).Message.NetworkId);
    }
}
