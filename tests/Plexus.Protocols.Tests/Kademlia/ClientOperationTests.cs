using System.Security.Cryptography;
using System.Text;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>docs/protocols/opendht-node.md, against one scripted node that has all our attention.</summary>
public sealed class ClientOperationTests
{
    private static readonly InfoHash Key = InfoHash.OfText("key");

    private readonly KademliaLab _lab = new() { LatencyMilliseconds = (10, 10), Trace = [] };
    private readonly LabNode _node;
    private readonly ScriptedPeer _peer;

    public ClientOperationTests()
    {
        _node = _lab.AddNode();
        _peer = _lab.AddPeer();
        _peer.Behave();
        _node.Bootstrap(_peer.EndPoint);
    }

    [Fact]
    public void A_listen_is_renewed_every_twenty_seconds_under_one_number()
    {
        ListenOperation listen = _node.Listen(Key);
        _lab.Run(TimeSpan.FromSeconds(130));
        KademliaMessage[] listens = [.. _peer.Requests(KademliaRequest.Listen)];
        Instant[] times = [.. _peer.TimesOf(KademliaRequest.Listen)];
        Assert.Equal(7, listens.Length);
        Assert.All(times.Zip(times[1..]), pair => Assert.InRange((pair.Second - pair.First).TotalSeconds, 20, 20.1));
        Assert.Single(listens.Select(l => l.SocketId).Distinct());
        Assert.All(listens, l => Assert.Equal(1, l.ListenVersion));
        Assert.Single(_node.Events, e => e.Operation == listen && e.Kind == KademliaEventKind.Begun);

        _node.Cancel(listen);
        _peer.Heard.Clear();
        _lab.Run(TimeSpan.FromSeconds(150));
        Assert.InRange(_peer.Requests(KademliaRequest.Listen).Count(), 2, 3); // For one more minute.
    }

    [Fact]
    public void A_push_is_acknowledged_and_told_once_even_before_the_answer_to_the_listen()
    {
        uint socketId = 0;
        _peer.Answer = (message, from) =>
        {
            if (message.Request == KademliaRequest.Listen && socketId == 0)
            {
                socketId = message.SocketId;
                Push(Value(1));
            }

            if (_peer.Reply(message, from) is { } reply) _peer.Send(from, reply);
        };
        void Push(DhtValue value) =>
            _peer.Send(_node.EndPoint, _peer.Writer.Update(_peer.NextId(), Key, socketId, [value], null, ScriptedPeer.Token));

        ListenOperation listen = _node.Listen(Key);
        _lab.Run(TimeSpan.FromSeconds(2));
        Push(Value(1));
        _lab.Run(TimeSpan.FromSeconds(2));
        Assert.Equal([Value(1)], _node.Values(listen));
        Assert.Equal(2, _peer.Heard.Count(h => h.Message.Kind == KademliaMessageKind.Reply));

        Push(Value(1, "under the same id")); // Junk must not hide what comes later.
        Push(Value(2, new string('x', 4000)));
        _lab.Run(TimeSpan.FromSeconds(2));
        Assert.Equal([Value(1), Value(1, "under the same id"), Value(2, new string('x', 4000))], _node.Values(listen));

        _peer.Send(_node.EndPoint, _peer.Writer.UpdateExpired(1, socketId, [2], ScriptedPeer.Token));
        _lab.Run(TimeSpan.FromMinutes(9));
        _peer.Send(_node.EndPoint, _peer.Writer.UpdateRefreshed(2, socketId, [1], ScriptedPeer.Token));
        _lab.Run(TimeSpan.FromMinutes(9));
        Assert.Equal([Value(2, new string('x', 4000))], Expired(listen));
        _lab.Run(TimeSpan.FromMinutes(2));
        Assert.Equal(3, Expired(listen).Count());
    }

    [Fact]
    public void Pushes_of_others_than_the_registered_node_are_acknowledged_without_effect()
    {
        ListenOperation listen = _node.Listen(Key);
        _lab.Run(TimeSpan.FromSeconds(1));
        uint socketId = _peer.Requests(KademliaRequest.Listen).First().SocketId;
        ScriptedPeer other = _lab.AddPeer();
        other.Send(_node.EndPoint, other.Writer.Update(1, Key, socketId, [Value(1)], null, ScriptedPeer.Token));
        _peer.Send(_node.EndPoint, _peer.Writer.Update(2, Key, socketId + 1, [Value(1)], null, ScriptedPeer.Token));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(KademliaMessageKind.Reply, Assert.Single(other.Heard, h => h.Message.TransactionId == 1).Message.Kind);
        Assert.Empty(_node.Values(listen));
    }

    [Fact]
    public void Signed_values_are_told_only_with_the_right_signature_and_older_editions_never()
    {
        using RSA rsa = RSA.Create();
        rsa.ImportFromPem(Vectors.Basic("crypto/keys").GetProperty("k1_pem").GetString());
        DhtPrivateKey key = new(rsa);
        DhtValue second = key.Sign(Value(1, "second") with { Sequence = 2 });
        ListenOperation listen = _node.Listen(Key);
        _lab.Run(TimeSpan.FromSeconds(1));
        uint socketId = _peer.Requests(KademliaRequest.Listen).First().SocketId;
        foreach (DhtValue value in new[]
        {
            second with { Data = "forged"u8.ToArray() },
            second,
            key.Sign(Value(1, "first") with { Sequence = 1 }),
            key.Sign(Value(1, "third") with { Sequence = 3 }),
        })
        {
            _peer.Send(_node.EndPoint, _peer.Writer.Update(_peer.NextId(), Key, socketId, [value], null, ScriptedPeer.Token));
        }

        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(["second", "third"], _node.Values(listen).Select(v => Encoding.ASCII.GetString(v.Data.Span)));
        Assert.Equal(1, _node.Node.Counters.ForgedValues);
    }

    [Fact]
    public void A_refused_token_is_forgotten_asked_for_again_and_the_write_repeated()
    {
        int refusals = 0;
        _peer.Answer = (message, from) => _peer.Send(from, message.Request is KademliaRequest.Put && refusals++ < 2
            ? _peer.Writer.Error(message.TransactionId, KademliaError.WrongToken, "no")
            : _peer.Reply(message, from) ?? _peer.Writer.Ping(1));
        PutOperation put = _node.Put(Key, Value(1));
        Assert.True(_lab.RunUntil(() => put.IsComplete, TimeSpan.FromSeconds(5)));
        Assert.Equal(3, _peer.Requests(KademliaRequest.Put).Count());
        Assert.Equal(3, _peer.Requests(KademliaRequest.Find).Count());
    }

    [Fact]
    public void A_node_that_refuses_its_own_tokens_is_left_alone_in_the_end()
    {
        _peer.Answer = (message, from) =>
        {
            if (message.Request is KademliaRequest.Put or KademliaRequest.Listen) _peer.Send(from, _peer.Writer.Error(message.TransactionId, KademliaError.WrongToken, "no"));
            else if (_peer.Reply(message, from) is { } reply) _peer.Send(from, reply);
        };
        _node.Put(Key, Value(1));
        _node.Listen(Key);
        _lab.Run(TimeSpan.FromMinutes(5));
        Assert.InRange(_peer.Requests(KademliaRequest.Put).Count() + _peer.Requests(KademliaRequest.Listen).Count(), 2, 20);
        Assert.InRange(_peer.Heard.Count, 5, 60); // Ever longer pauses lie between the attempts.
    }

    [Fact]
    public void Whoever_answers_a_search_without_a_token_is_not_heard_for_ten_seconds()
    {
        _peer.Answer = (message, from) => _peer.Send(from, _peer.Writer.Acknowledge(message.TransactionId, from));
        _node.Get(Key);
        _lab.Run(TimeSpan.FromSeconds(1));
        _peer.Heard.Clear();
        _peer.Send(_node.EndPoint, _peer.Writer.Ping(1));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Empty(_peer.Heard);
        Assert.Equal(1, _node.Node.Counters.Dropped(DropReason.Blacklisted));
        _lab.Run(TimeSpan.FromSeconds(10)); // The answer may have been forged.
        _peer.Send(_node.EndPoint, _peer.Writer.Ping(2));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Contains(_peer.Heard, h => h.Message is { Kind: KademliaMessageKind.Reply, TransactionId: 2 });
    }

    [Fact]
    public void An_ordinary_put_ends_when_all_have_acknowledged_and_carries_its_creation_if_that_is_long_ago()
    {
        PutOperation put = _node.Put(Key, Value(1));
        LabNode late = _lab.AddNode();
        late.Put(InfoHash.OfText("late"), Value(2));
        _lab.Run(TimeSpan.FromMinutes(2));
        late.Bootstrap(_peer.EndPoint);
        _lab.Run(TimeSpan.FromMinutes(30));
        Assert.Equal([null, (ulong)KademliaLab.UnixTimeAtStart], _peer.Requests(KademliaRequest.Put).Select(p => p.Created));
        Assert.True(put is { IsComplete: true, IsFinished: true, Acknowledged: 1 });
        Assert.Null(_node.Node.Store.Find(Key)); // Our own copy has ended as well.
    }

    [Fact]
    public void A_permanent_put_is_probed_and_refreshed_every_590_seconds()
    {
        PutOperation put = _node.Put(Key, Value(1), isPermanent: true);
        _lab.Run(TimeSpan.FromSeconds(580));
        Assert.Null(Assert.Single(_peer.Requests(KademliaRequest.Put)).Created);
        bool isThere = true;
        _peer.Answer = (message, from) =>
        {
            if (message.Request == KademliaRequest.Get && message.Query.Select.Count == 2 && isThere)
                _peer.Send(from, _peer.Writer.Fields(message.TransactionId, from, [], [], ScriptedPeer.Token, message.Query.Select, [Value(1)]));
            else if (message.Request == KademliaRequest.Refresh && _peer.Requests(KademliaRequest.Refresh).Count() == 2)
                _peer.Send(from, _peer.Writer.Error(message.TransactionId, KademliaError.NotFound, "gone"));
            else if (_peer.Reply(message, from) is { } reply) _peer.Send(from, reply);
        };
        _lab.Run(TimeSpan.FromSeconds(590)); // There: refreshed.
        Assert.Single(_peer.Requests(KademliaRequest.Refresh));
        Assert.Single(_peer.Requests(KademliaRequest.Put));
        _lab.Run(TimeSpan.FromSeconds(590)); // Said to be there, but the refresh finds nothing: put again.
        Assert.Equal(2, _peer.Requests(KademliaRequest.Put).Count());
        isThere = false;
        _lab.Run(TimeSpan.FromSeconds(590)); // Gone: put again.
        Assert.Equal(3, _peer.Requests(KademliaRequest.Put).Count());
        Assert.Equal(2, _peer.Requests(KademliaRequest.Refresh).Count());
        Instant[] times = [.. _peer.TimesOf(KademliaRequest.Get)];
        Assert.All(times.Zip(times[1..]), pair => Assert.InRange((pair.Second - pair.First).TotalSeconds, 590, 591));

        _node.Cancel(put);
        _peer.Heard.Clear();
        _lab.Run(TimeSpan.FromMinutes(20));
        Assert.Empty(_peer.Requests(KademliaRequest.Put).Concat(_peer.Requests(KademliaRequest.Refresh)));
        Assert.Null(_node.Node.Store.Find(Key));
    }

    [Fact]
    public void A_get_filters_selects_and_finds_what_is_stored_here()
    {
        _node.Put(Key, Value(1));
        GetOperation own = _node.Get(Key);
        Assert.Equal([Value(1)], _node.Values(own));
        GetOperation select = _node.Get(Key, new ValueQuery([ValueField.Id], []));
        Assert.Equal(1ul, Assert.Single(_node.Events, e => e.Operation == select && e.Kind == KademliaEventKind.Fields).Fields!.Id);
        _lab.Run(TimeSpan.FromSeconds(2));
        Assert.True(own.IsFinished);
        Assert.True(select.IsFinished);
        Assert.Equal(1, own.Answers);
        GetOperation none = _node.Get(Key, ValueQuery.ById(7));
        _lab.Run(TimeSpan.FromSeconds(2));
        Assert.Empty(_node.Values(none));
        Assert.True(_node.Has(none, KademliaEventKind.Complete));
    }

    [Fact]
    public void Slow_nodes_do_not_hold_up_the_others()
    {
        List<ScriptedPeer> silent = [.. Enumerable.Range(0, 8).Select(_ => _lab.AddPeer())];
        ScriptedPeer good = _lab.AddPeer();
        good.Writer = new KademliaWriter(Key.WithBit(0, !Key.GetBit(0)));
        good.Behave();
        for (int i = 0; i < silent.Count; i++) silent[i].Writer = new KademliaWriter(Key.WithBit(150 + i, !Key.GetBit(150 + i)));
        _peer.Behave([.. silent.Select(s => new NodeEntry(s.Id, s.EndPoint)), new NodeEntry(good.Id, good.EndPoint)]);
        GetOperation get = _node.Get(Key);
        Assert.True(_lab.RunUntil(() => get.IsFinished, TimeSpan.FromSeconds(5)));
        Assert.InRange(_lab.Now.SinceStart.TotalSeconds, 0.8, 1.0); // Twice four silent ones, 400 ms each.
        Assert.All(silent, s => Assert.Equal(Transactions.MaxAttemptsToStrangers, s.Requests(KademliaRequest.Get).Count()));
    }

    [Fact]
    public void A_search_that_reaches_nobody_says_so_and_comes_back_by_itself()
    {
        _lab.Run(TimeSpan.FromSeconds(1));
        _peer.Answer = null;
        ListenOperation listen = _node.Listen(Key);
        GetOperation get = _node.Get(Key);
        PutOperation put = _node.Put(Key, Value(1));
        _lab.Run(TimeSpan.FromSeconds(40));
        Assert.True(_node.Has(get, KademliaEventKind.Unreachable));
        Assert.True(_node.Has(listen, KademliaEventKind.Unreachable));
        Assert.True(get.IsFinished);
        Assert.False(put.IsFinished);
        _peer.Behave();
        Assert.True(_lab.RunUntil(() => listen.FirstRegistered is not null && put.IsComplete, TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void A_change_of_the_connection_registers_anew()
    {
        ListenOperation listen = _node.Listen(Key);
        _lab.Run(TimeSpan.FromSeconds(5));
        uint former = _peer.Requests(KademliaRequest.Listen).First().SocketId;
        _peer.Heard.Clear();
        _node.Node.ConnectivityChanged(_lab.Now);
        _node.Pump();
        Assert.NotEqual(KademliaStatus.Connected, _node.Node.StatusAt(_lab.Now));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.NotEqual(former, Assert.Single(_peer.Requests(KademliaRequest.Listen)).SocketId);
        Assert.Equal(KademliaStatus.Connected, _node.Node.StatusAt(_lab.Now));
        Assert.False(listen.IsFinished);
    }

    [Fact]
    public void Nodes_of_a_former_run_serve_at_once()
    {
        _lab.Run(TimeSpan.FromSeconds(1));
        LabNode again = _lab.AddNode();
        foreach (NodeEntry entry in _node.Node.GoodNodes(_lab.Now)) again.Node.Insert(entry, _lab.Now);
        PutOperation put = again.Put(Key, Value(1));
        Instant start = _lab.Now;
        Assert.True(_lab.RunUntil(() => put.FirstAcknowledged is not null, TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.FromMilliseconds(80), _lab.Now - start);
    }

    [Fact]
    public void A_put_in_the_place_of_another_ends_it()
    {
        PutOperation first = _node.Put(Key, Value(1, "first"), isPermanent: true);
        PutOperation second = _node.Put(Key, Value(1, "second"), isPermanent: true);
        Assert.True(_node.Has(first, KademliaEventKind.Ended));
        Assert.True(first.IsFinished);
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(Value(1, "second"), Assert.Single(Assert.Single(_peer.Requests(KademliaRequest.Put)).Values));
        Assert.True(second.IsComplete);
    }

    [Fact]
    public void A_put_that_finds_nobody_ends_with_its_value()
    {
        LabNode alone = _lab.AddNode();
        PutOperation put = alone.Put(Key, Value(1));
        _lab.Run(TimeSpan.FromMinutes(9));
        Assert.False(put.IsFinished);
        _lab.Run(TimeSpan.FromMinutes(2));
        Assert.True(alone.Has(put, KademliaEventKind.Ended));
    }

    private static DhtValue Value(ulong id, string text = "hello") => new() { Id = id, Data = Encoding.ASCII.GetBytes(text) };

    private IEnumerable<DhtValue> Expired(KademliaOperation operation) =>
        _node.Events.Where(e => e.Operation == operation && e.Kind == KademliaEventKind.Expired).Select(e => e.Value!);
}
