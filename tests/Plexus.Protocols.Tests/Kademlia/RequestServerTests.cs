using System.Net;
using System.Text;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Storage;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>docs/protocols/opendht-node.md: what others get from this node.</summary>
public sealed class RequestServerTests
{
    private static readonly InfoHash Key = InfoHash.OfText("key");

    private readonly KademliaLab _lab = new() { LatencyMilliseconds = (10, 10), Trace = [] };
    private readonly LabNode _node;
    private readonly ScriptedPeer _peer;

    public RequestServerTests()
    {
        _node = _lab.AddNode();
        _peer = _lab.AddPeer();
    }

    private ulong UnixNow => (ulong)(KademliaLab.UnixTimeAtStart + (long)_lab.Now.SinceStart.TotalSeconds);

    [Fact]
    public void Find_and_get_are_answered_with_a_token_even_by_a_node_that_knows_nothing()
    {
        foreach (byte[] request in new[] { _peer.Writer.Find(1, Key), _peer.Writer.Get(2, Key), _peer.Writer.Find(3, Key, WantedFamilies.None) })
        {
            KademliaMessage reply = Ask(request);
            Assert.Equal(WriteTokens.Size, reply.Token.Length);
            Assert.Equal(_peer.EndPoint.Address, reply.ReportedAddress);
            Assert.Empty(reply.Values);
            Assert.Null(reply.Fields);
        }
    }

    [Fact]
    public void Writing_and_listening_need_the_token_of_address_and_port()
    {
        byte[] token = Token();
        ScriptedPeer other = _lab.AddPeer(new IPEndPoint(_peer.EndPoint.Address, 4999));
        foreach (byte[] wrong in new[] { [], new byte[32], token[..31], [.. token, 0] })
        {
            Assert.Equal(KademliaError.WrongToken, Ask(_peer.Writer.Put(1, Key, [Value(1)], null, wrong)).ErrorCode);
            Assert.Equal(KademliaError.WrongToken, Ask(_peer.Writer.Listen(2, Key, 5, wrong)).ErrorCode);
            Assert.Equal(KademliaError.WrongToken, Ask(_peer.Writer.Refresh(3, Key, 1, wrong)).ErrorCode);
        }

        other.Send(_node.EndPoint, other.Writer.Put(4, Key, [Value(1)], null, token));
        _lab.Run(TimeSpan.FromMilliseconds(100));
        Assert.Equal(KademliaError.WrongToken, Assert.Single(other.Heard).Message.ErrorCode);
        Assert.Equal(_node.Id, other.Heard[0].Message.Sender); // Old nodes misread an error without it.
        Assert.Null(_node.Node.Store.Find(Key));
        Assert.Equal(1ul, Ask(_peer.Writer.Put(5, Key, [Value(1)], null, token)).ValueId);
        _lab.Run(TimeSpan.FromMinutes(15)); // The least that a token lives.
        Assert.Equal(1ul, Ask(_peer.Writer.Put(6, Key, [Value(1)], null, token)).ValueId);
        _lab.Run(TimeSpan.FromMinutes(91));
        Assert.Equal(KademliaError.WrongToken, Ask(_peer.Writer.Put(7, Key, [Value(1)], null, token)).ErrorCode);
    }

    [Fact]
    public void Incomplete_requests_and_unknown_keys_are_refused_as_OpenDHT_does()
    {
        byte[] token = Token();
        Assert.Equal(KademliaError.Incomplete, Ask(_peer.Writer.Get(1, InfoHash.Zero)).ErrorCode);
        Assert.Equal(KademliaError.Incomplete, Ask(_peer.Writer.Put(2, InfoHash.Zero, [Value(1)], null, token)).ErrorCode);
        Assert.Equal(KademliaError.Incomplete, Ask(_peer.Writer.Put(3, Key, [Value(0)], null, token)).ErrorCode);
        Assert.Equal(KademliaError.Incomplete, Ask(_peer.Writer.Listen(4, InfoHash.Zero, 1, token)).ErrorCode);
        Assert.Equal(KademliaError.NotFound, Ask(_peer.Writer.Refresh(5, Key, 1, token)).ErrorCode);
    }

    [Fact]
    public void A_value_lives_ten_minutes_from_its_creation()
    {
        byte[] token = Token();
        ulong now = UnixNow;
        Ask(_peer.Writer.Put(1, Key, [Value(1)], null, token));
        Ask(_peer.Writer.Put(2, Key, [Value(2)], now - 300, token));
        Assert.Equal(3ul, Ask(_peer.Writer.Put(3, Key, [Value(3)], now - 700, token)).ValueId); // Acknowledged, not stored.
        Ask(_peer.Writer.Put(4, Key, [Value(4)], now + 5000, token));
        Assert.Equal([1ul, 2, 4], Stored());
        _lab.Run(TimeSpan.FromSeconds(302));
        Assert.Equal([1ul, 4], Stored());
        Ask(_peer.Writer.Refresh(5, Key, 1, token));
        _lab.Run(TimeSpan.FromSeconds(300));
        Assert.Equal([1ul], Stored());
        Ask(_peer.Writer.Put(6, Key, [Value(1)], null, token)); // Equal: the same as a refresh.
        _lab.Run(TimeSpan.FromSeconds(599));
        Assert.Equal([1ul], Stored());
        _lab.Run(TimeSpan.FromSeconds(2));
        Assert.Null(_node.Node.Store.Find(Key));
        Assert.Equal(0, _node.Node.Store.Bytes);
        Assert.Equal(0, _node.Node.Store.ValueCount);
    }

    [Fact]
    public void Every_value_of_a_put_is_acknowledged()
    {
        byte[] token = Token();
        _peer.Heard.Clear();
        _peer.Send(_node.EndPoint, _peer.Writer.Put(9, Key, [Value(1), Value(2), Value(3)], null, token));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal([1ul, 2, 3], _peer.Heard.Select(h => h.Message.ValueId));
        Assert.All(_peer.Heard, h => Assert.Equal(9u, h.Message.TransactionId));
    }

    [Fact]
    public void A_get_selects_and_filters()
    {
        byte[] token = Token();
        Ask(_peer.Writer.Put(1, Key, [Value(1), Value(2), Value(3) with { UserType = "text/plain" }], null, token));
        KademliaMessage fields = Ask(_peer.Writer.Get(2, Key, new ValueQuery([ValueField.Id, ValueField.Sequence], [])));
        Assert.Equal([1ul, 2ul, 3ul], fields.Fields!.Select(f => f.Id!.Value));
        Assert.Empty(fields.Values);
        Assert.Equal(2ul, Assert.Single(Ask(_peer.Writer.Get(3, Key, ValueQuery.ById(2))).Values).Id);
        Assert.Equal(3ul, Assert.Single(Ask(_peer.Writer.Get(4, Key, new ValueQuery([], [ValueCondition.UserType("text/plain"u8.ToArray())]))).Values).Id);
        Assert.Empty(Ask(_peer.Writer.Get(5, Key, ValueQuery.ById(9))).Values);
    }

    [Fact]
    public void A_key_with_too_much_for_one_answer_gives_a_part_of_it()
    {
        byte[] token = Token();
        for (ulong id = 1; id <= 40; id++) Put(_peer, Value(id, new string('x', 5000)), token);
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(40, Stored().Count());
        _lab.Trace!.Clear();
        _peer.Send(_node.EndPoint, _peer.Writer.Get(2, Key));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.InRange(_lab.Trace.Sum(d => d.Bytes.Length), 50_000, 70_000);
        Assert.All(_lab.Trace, d => Assert.True(d.Bytes.Length <= 1330));
    }

    [Fact]
    public void A_selection_that_fits_no_datagram_is_answered_with_values()
    {
        byte[] token = Token();
        for (ulong id = 1; id <= 200; id++) Put(_peer, Value(id + (1ul << 60)), token);
        _lab.Run(TimeSpan.FromSeconds(1));
        KademliaMessage reply = Ask(_peer.Writer.Get(2, Key, new ValueQuery([ValueField.Id], [])));
        Assert.Null(reply.Fields);
        Assert.Equal(200, reply.Announced.Count);
    }

    [Fact]
    public void A_key_that_eight_nodes_are_closer_to_is_acknowledged_but_not_stored()
    {
        byte[] token = Token();
        List<ScriptedPeer> neighbours = [];
        for (int i = 0; i < 14; i++)
        {
            InfoHash id = Key;
            for (int bit = 0; bit < 8; bit++) id = id.WithBit(159 - bit, (i + 1 >> bit & 1) == 1);
            ScriptedPeer peer = _lab.AddPeer();
            peer.Writer = new KademliaWriter(id);
            peer.Behave();
            neighbours.Add(peer);
            _node.Bootstrap(peer.EndPoint);
        }

        _lab.Run(TimeSpan.FromSeconds(2));
        Assert.Equal(1ul, Ask(_peer.Writer.Put(1, Key, [Value(1)], null, token)).ValueId);
        Assert.Null(_node.Node.Store.Find(Key));
        Assert.Equal(8, Ask(_peer.Writer.Find(2, Key)).Nodes4.Count);
        InfoHash near = _node.Id.WithBit(159, !_node.Id.GetBit(159));
        Assert.Equal(1ul, Ask(_peer.Writer.Put(3, near, [Value(1)], null, token)).ValueId);
        Assert.NotNull(_node.Node.Store.Find(near));
    }

    [Fact]
    public void Requests_beyond_the_rate_are_dropped_silently()
    {
        for (uint i = 0; i < 1500; i++) _peer.Send(_node.EndPoint, _peer.Writer.Ping(i));
        _lab.Run(TimeSpan.FromMilliseconds(500));
        Assert.Equal(1024, _peer.Heard.Count);
        Assert.Equal(476, _node.Node.Counters.Dropped(DropReason.RateLimit));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(KademliaMessageKind.Reply, Ask(_peer.Writer.Ping(1)).Kind);
    }

    [Fact]
    public void Clients_are_answered_but_neither_listed_nor_asked()
    {
        _peer.Writer = new KademliaWriter(InfoHash.OfText("client"), isClient: true);
        _peer.Behave();
        Assert.Equal(_node.Id, Ask(_peer.Writer.Ping(1)).Sender);
        byte[] token = Token();
        Assert.Equal(1ul, Ask(_peer.Writer.Put(2, Key, [Value(1)], null, token)).ValueId);
        ScriptedPeer other = _lab.AddPeer();
        other.Behave();
        _node.Bootstrap(other.EndPoint);
        _peer.Heard.Clear();
        _node.Get(Key);
        _lab.Run(TimeSpan.FromMinutes(5));
        Assert.Empty(_peer.Heard);
        other.Heard.Clear();
        other.Send(_node.EndPoint, other.Writer.Find(3, _peer.Id));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Empty(other.Heard.First(h => h.Message.Kind == KademliaMessageKind.Reply).Message.Nodes4);
    }

    [Fact]
    public void A_client_says_so_in_every_message_and_still_answers()
    {
        LabNode client = _lab.AddNode(o => o with { IsClient = true });
        client.Bootstrap(_node.EndPoint);
        client.Put(Key, Value(1, new string('x', 3000)));
        _peer.Send(client.EndPoint, _peer.Writer.Find(1, Key));
        _lab.Run(TimeSpan.FromSeconds(5));
        Assert.All(_lab.Trace!.Where(d => d.From.Equals(client.EndPoint)), d => Assert.True(d.Message.IsClient));
        Assert.Equal(WriteTokens.Size, _peer.Heard.Last(h => h.Message.Kind == KademliaMessageKind.Reply).Message.Token.Length);
        Assert.Equal(0, _node.Node.RoutingTableSize);
        Assert.Single(_node.Node.Store.Find(Key)!.Values);
    }

    [Fact]
    public void The_greatest_user_makes_room_when_the_store_is_full()
    {
        LabNode small = _lab.AddNode(o => o with { StorageLimit = 10_000 });
        ScriptedPeer modest = _lab.AddPeer();
        byte[] token = Token(small), modestToken = Token(small, modest);
        modest.Send(small.EndPoint, modest.Writer.Put(1, Key, [Value(100, new string('m', 1000))], null, modestToken));
        for (ulong id = 1; id <= 20; id++)
        {
            _peer.Send(small.EndPoint, _peer.Writer.Put(2, Key, [Value(id, new string('g', 1000))], null, token));
            _lab.Run(TimeSpan.FromSeconds(1));
        }

        List<ulong> kept = [.. small.Node.Store.Find(Key)!.Values.Select(v => v.Value.Id)];
        Assert.InRange(small.Node.Store.Bytes, 8_000, 10_000);
        Assert.Contains(100ul, kept);
        Assert.Contains(20ul, kept);
        Assert.DoesNotContain(1ul, kept); // It would have ended first.
    }

    [Fact]
    public void Whoever_has_most_values_under_a_full_key_makes_room_for_others()
    {
        LabNode small = _lab.AddNode(o => o with { MaxValuesPerKey = 10 });
        ScriptedPeer modest = _lab.AddPeer();
        byte[] token = Token(small), modestToken = Token(small, modest);
        for (ulong id = 1; id <= 20; id++) _peer.Send(small.EndPoint, _peer.Writer.Put(2, Key, [Value(id)], null, token));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(10, small.Node.Store.Find(Key)!.Values.Count);
        modest.Send(small.EndPoint, modest.Writer.Put(1, Key, [Value(100)], null, modestToken));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(10, small.Node.Store.Find(Key)!.Values.Count);
        Assert.NotNull(small.Node.Store.Find(Key)!.Find(100));
    }

    private static DhtValue Value(ulong id, string text = "hello") => new() { Id = id, Data = Encoding.ASCII.GetBytes(text) };

    private static void Put(ScriptedPeer peer, DhtValue value, byte[] token, LabNode node) =>
        peer.Send(node.EndPoint, peer.Writer.Put(peer.NextId(), Key, [value], null, token));

    private void Put(ScriptedPeer peer, DhtValue value, byte[] token) => Put(peer, value, token, _node);

    private IEnumerable<ulong> Stored() => _node.Node.Store.Find(Key)!.Values.Select(stored => stored.Value.Id).Order();

    private byte[] Token() => Token(_node);

    private byte[] Token(LabNode node) => Token(node, _peer);

    private byte[] Token(LabNode node, ScriptedPeer peer)
    {
        peer.Send(node.EndPoint, peer.Writer.Find(peer.NextId(), Key));
        _lab.Run(TimeSpan.FromMilliseconds(100));
        return peer.Heard[^1].Message.Token.ToArray();
    }

    private KademliaMessage Ask(params byte[][] request)
    {
        int before = _peer.Heard.Count;
        _peer.Send(_node.EndPoint, request);
        _lab.Run(TimeSpan.FromMilliseconds(100));
        return _peer.Heard[before].Message;
    }
}
