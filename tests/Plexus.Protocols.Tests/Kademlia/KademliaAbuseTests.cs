using System.Net;
using System.Security.Cryptography;
using System.Text;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Searching;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>Who follows the rules to the letter gets no more out of a node than it is meant to give.</summary>
public sealed class KademliaAbuseTests
{
    private static readonly InfoHash Key = InfoHash.OfText("key");

    private readonly KademliaLab _lab = new() { LatencyMilliseconds = (5, 5) };
    private readonly LabNode _node;
    private readonly ScriptedPeer _peer;

    public KademliaAbuseTests()
    {
        _node = _lab.AddNode();
        _peer = _lab.AddPeer();
    }

    [Theory] // A registration's pushes are many times larger than the datagram that claims a move.
    [InlineData(false)]
    [InlineData(true)]
    public void A_forged_source_does_not_turn_pushes_upon_somebody_else(bool isLegacy)
    {
        ScriptedPeer victim = _lab.AddPeer(), putter = _lab.AddPeer();
        byte[] listen = _peer.Writer.Listen(_peer.NextId(), Key, 5, Token(_peer));
        if (isLegacy) listen[listen.AsSpan().IndexOf("ve\u0001"u8) + 2] = 0; // The version stands behind its key.
        Send(_peer, listen);
        _node.Node.OnDatagram(_peer.Writer.Ping(9), victim.EndPoint, _lab.Now); // The listener's id, from the victim's address.
        _node.Pump();
        _lab.Run(TimeSpan.FromSeconds(1));
        victim.Heard.Clear();
        _peer.Heard.Clear();
        Send(putter, putter.Writer.Put(putter.NextId(), Key, [Value(1)], null, Token(putter)));
        _lab.Run(TimeSpan.FromSeconds(20));
        Assert.DoesNotContain(victim.Heard, h => h.Message.Values.Count > 0); // It is only asked whether it is a node.
        Assert.Contains(_peer.Heard, h => h.Message.Values.Any(value => value.Id == 1));
    }

    [Fact]
    public void Who_makes_a_node_push_neither_fills_its_memory_nor_makes_it_deaf()
    {
        ScriptedPeer[] listeners = [.. Enumerable.Range(0, 100).Select(_ => _lab.AddPeer())];
        foreach (ScriptedPeer listener in listeners)
        {
            byte[] token = Token(listener);
            for (uint socket = 1; socket <= 3; socket++) Send(listener, listener.Writer.Listen(listener.NextId(), Key, socket, token));
        }

        byte[] putToken = Token(_peer);
        for (ulong id = 1; id <= 20; id++) Send(_peer, _peer.Writer.Put(_peer.NextId(), Key, [Value(id, new string('x', 60_000))], null, putToken));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.InRange(_node.Node.Load.Requests, 1, 4200);
        Assert.InRange(_node.Node.PushBytes, 1, (16 << 20) + 70_000);
        ScriptedPeer asked = _lab.AddPeer();
        asked.Behave();
        _node.Bootstrap(asked.EndPoint);
        GetOperation get = _node.Get(InfoHash.OfText("other"));
        Assert.True(_lab.RunUntil(() => get.IsFinished, TimeSpan.FromSeconds(30)));
        Assert.Equal(1, get.Answers);
        _lab.Run(TimeSpan.FromMinutes(1));
        Assert.Equal(0, _node.Node.PushBytes);
    }

    [Fact]
    public void Many_values_in_one_put_count_as_many_puts()
    {
        byte[] token = Token(_peer);
        for (int put = 0; put < 30; put++)
        {
            DhtValue[] values = [.. Enumerable.Range(1, 49).Select(i => new DhtValue { Id = (ulong)(put * 49 + i) })];
            foreach (byte[] datagram in _peer.Writer.Put(_peer.NextId(), Key, values, null, token)) _node.Node.OnDatagram(datagram, _peer.EndPoint, _lab.Now);
        }

        Assert.InRange(_node.Node.Store.ValueCount, 900, 1024);
        Assert.True(_node.Node.Counters.Dropped(DropReason.RateLimit) > 5);
    }

    [Fact]
    public void A_selection_that_fits_no_datagram_is_not_written_first()
    {
        byte[] token = Token(_peer);
        for (ulong id = 1; id <= 100; id++)
        {
            Send(_peer, _peer.Writer.Put(_peer.NextId(), Key, [Value(id) with { UserTypeBytes = new byte[60_000] }], null, token));
            _lab.Run(TimeSpan.FromMilliseconds(100));
        }

        byte[] get = _peer.Writer.Get(_peer.NextId(), Key, new ValueQuery([ValueField.UserType], []));
        Assert.Equal(100, _node.Node.Store.ValueCount);
        long before = GC.GetAllocatedBytesForCurrentThread();
        _node.Node.OnDatagram(get, _peer.EndPoint, _lab.Now);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 2_000_000); // All user types have six million bytes.
    }

    [Fact]
    public void A_query_that_a_listener_leaves_here_is_short()
    {
        byte[] token = Token(_peer);
        Send(_peer, _peer.Writer.Listen(_peer.NextId(), Key, 1, token, ByUserType(257)));
        Assert.Equal(0, _node.Node.Store.ListenerCount);
        Send(_peer, _peer.Writer.Listen(_peer.NextId(), Key, 1, token, ByUserType(256)));
        Assert.Equal(1, _node.Node.Store.ListenerCount);
        Assert.Single(new ValueQuery([], [.. Enumerable.Repeat(ValueCondition.Id(1), 32)]).Where);

        static ValueQuery ByUserType(int length) => new([], [ValueCondition.UserType(new byte[length])]);
    }

    [Fact]
    public void Junk_of_one_node_under_one_id_costs_no_more_than_its_length_and_hides_nothing()
    {
        CollectedValues values = new();
        InfoHash flooder = InfoHash.OfText("flooder"), honest = InfoHash.OfText("honest");
        Instant until = Instant.Zero + TimeSpan.FromMinutes(10);
        Assert.Equal(4, Enumerable.Range(0, 5000).Count(i => values.Add(Value(1, $"junk {i}"), flooder, until)));
        Assert.Equal(Novelty.Unremembered, values.Note(Value(1, "more junk"), flooder, until));
        Assert.Equal(Novelty.New, values.Note(Value(1), honest, until));
        Assert.Equal(Novelty.Known, values.Note(Value(1), flooder, until));
    }

    [Fact]
    public void A_listen_hears_a_value_behind_more_junk_than_it_can_remember()
    {
        _peer.Behave();
        _node.Bootstrap(_peer.EndPoint);
        ListenOperation listen = _node.Listen(Key);
        Assert.True(_lab.RunUntil(() => listen.FirstRegistered is not null, TimeSpan.FromSeconds(5)));
        KademliaMessage registration = _peer.Requests(KademliaRequest.Listen).First();
        for (int i = 0; i < 40; i++) Push([.. Enumerable.Range(1, 49).Select(n => new DhtValue { Id = (ulong)(i * 49 + n), Data = new byte[1] })]);
        Push([Value(999_999)]);
        Assert.Contains(_node.Events, e => e.Kind == KademliaEventKind.Value && e.Value!.Id == 999_999);

        void Push(DhtValue[] values)
        {
            Send(_peer, _peer.Writer.Update(_peer.NextId(), Key, registration.SocketId, values, null, ScriptedPeer.Token));
        }
    }

    [Fact]
    public void Long_keys_use_up_their_senders_share_of_verifications_sooner()
    {
        using SignatureChecks checks = new();
        using RSA rsa = RSA.Create(1024);
        DhtValue signed = new DhtPrivateKey(rsa).Sign(Value(1));
        for (int i = 0; i < 300; i++)
        {
            byte[] signature = new byte[1024];
            signature[0] = (byte)i;
            signature[1] = (byte)(i >> 8);
            Assert.False(checks.IsValid(signed with { Signature = signature }, _peer.EndPoint.Address, Instant.Zero));
        }

        Assert.Equal(64, checks.Performed); // Of 256 units; each is four.
        Assert.False(checks.IsValid(signed, _peer.EndPoint.Address, Instant.Zero));
        Assert.True(checks.IsValid(signed, IPAddress.Loopback, Instant.Zero));
    }

    private static DhtValue Value(ulong id, string text = "hello") => new() { Id = id, Data = Encoding.ASCII.GetBytes(text) };

    private void Send(ScriptedPeer peer, params byte[][] datagrams)
    {
        peer.Send(_node.EndPoint, datagrams);
        _lab.Run(TimeSpan.FromMilliseconds(20));
    }

    private byte[] Token(ScriptedPeer peer)
    {
        Send(peer, peer.Writer.Find(peer.NextId(), Key));
        return peer.Heard.Last(h => h.Message.Kind == KademliaMessageKind.Reply).Message.Token.ToArray();
    }
}
