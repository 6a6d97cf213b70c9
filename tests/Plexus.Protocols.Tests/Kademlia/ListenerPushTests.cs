using System.Text;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Storage;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>docs/protocols/opendht-node.md: what listeners of this node are told.</summary>
public sealed class ListenerPushTests
{
    private static readonly InfoHash Key = InfoHash.OfText("key");

    private readonly KademliaLab _lab = new() { LatencyMilliseconds = (10, 10) };
    private readonly LabNode _node;
    private readonly ScriptedPeer _listener;
    private readonly ScriptedPeer _putter;
    private readonly byte[] _token;
    private readonly byte[] _putToken;

    public ListenerPushTests()
    {
        _node = _lab.AddNode();
        _listener = _lab.AddPeer();
        _putter = _lab.AddPeer();
        _token = Token(_listener);
        _putToken = Token(_putter);
        _listener.Behave();
        _putter.Behave();
        _listener.Heard.Clear();
    }

    [Fact]
    public void Existing_values_are_pushed_before_the_answer_and_not_again_by_a_renewal()
    {
        Put(Value(1));
        Listen(5);
        Assert.Equal(KademliaRequest.Update, _listener.Heard[0].Message.Request);
        Assert.Equal(5u, _listener.Heard[0].Message.SocketId);
        Assert.Equal(KademliaMessageKind.Reply, _listener.Heard[1].Message.Kind);
        Assert.Equal(WriteTokens.Size, _listener.Heard[1].Message.Token.Length);
        Listen(5);
        Assert.Single(_listener.Requests(KademliaRequest.Update));
        Listen(6); // Another number is another registration.
        Assert.Equal(2, _listener.Requests(KademliaRequest.Update).Count());
        Assert.Equal(2, _node.Node.Store.ListenerCount);
    }

    [Fact]
    public void New_refreshed_and_ended_values_are_pushed()
    {
        Listen(5);
        Put(Value(1));
        Put(Value(1));
        _lab.Run(TimeSpan.FromMinutes(5));
        Listen(5);
        _lab.Run(TimeSpan.FromMinutes(6));
        KademliaMessage[] pushes = [.. _listener.Requests(KademliaRequest.Update)];
        Assert.Equal(3, pushes.Length);
        Assert.Equal(1ul, Assert.Single(pushes[0].Values).Id);
        Assert.Equal([1ul], pushes[1].Refreshed);
        Assert.Equal([1ul], pushes[2].Expired);
        Assert.All(pushes, push => Assert.True(push.Token.Length > 0));
    }

    [Fact]
    public void Only_values_that_match_are_pushed()
    {
        Listen(5, ValueQuery.ById(2));
        Put(Value(1));
        Put(Value(2));
        Assert.Equal(2ul, Assert.Single(Assert.Single(_listener.Requests(KademliaRequest.Update)).Values).Id);
    }

    [Fact]
    public void A_registration_ends_ten_minutes_after_its_last_renewal()
    {
        Listen(5);
        _lab.Run(TimeSpan.FromMinutes(6));
        Listen(5);
        _lab.Run(TimeSpan.FromMinutes(9));
        Put(Value(1));
        Assert.Single(_listener.Requests(KademliaRequest.Update));
        _lab.Run(TimeSpan.FromMinutes(2));
        Put(Value(2));
        Assert.Single(_listener.Requests(KademliaRequest.Update));
        Assert.Equal(0, _node.Node.Store.ListenerCount);
    }

    [Fact]
    public void A_push_is_repeated_until_it_is_acknowledged()
    {
        Listen(5);
        _listener.Answer = null;
        Put(Value(1));
        _lab.Run(TimeSpan.FromSeconds(10));
        Assert.Equal(Transactions.MaxAttempts, _listener.Requests(KademliaRequest.Update).Count());
        Assert.Single(_listener.Requests(KademliaRequest.Update).Select(u => u.TransactionId).Distinct());
    }

    [Fact]
    public void What_a_listener_missed_comes_with_its_renewal()
    {
        Listen(5);
        _listener.Answer = null;
        Put(Value(1));
        _lab.Run(TimeSpan.FromSeconds(10));
        Put(Value(2)); // It is expired: nothing is sent.
        _listener.Heard.Clear();
        _listener.Behave();
        Listen(5);
        Assert.Equal([1ul, 2], _listener.Requests(KademliaRequest.Update).SelectMany(u => u.Values).Select(v => v.Id).Order().ToArray());
        _listener.Heard.Clear();
        Listen(5);
        Assert.Empty(_listener.Requests(KademliaRequest.Update));
    }

    [Fact]
    public void A_listener_of_version_0_hears_replies_that_nobody_acknowledges()
    {
        byte[] legacy = Vectors.Basic("2.4.12/listen-v0/request").Hex();
        Assert.True(KademliaMessage.TryRead(legacy, out KademliaMessage? message));
        int at = legacy.AsSpan().IndexOf(message!.Token.Span);
        _token.CopyTo(legacy, at);
        _listener.Writer = new KademliaWriter(message.Sender);
        _listener.Send(_node.EndPoint, legacy);
        _lab.Run(TimeSpan.FromMilliseconds(100));
        _listener.Heard.Clear();
        Put(Value(1), message.Key);
        Put(Value(1), message.Key);
        _lab.Run(TimeSpan.FromMinutes(9)); // It is not told of a renewal, and the value ends behind its registration.
        Assert.Equal([KademliaMessageKind.Reply, KademliaMessageKind.LegacyPush], _listener.Heard.Select(h => h.Message.Kind).Where(k => k != KademliaMessageKind.Request));
        Assert.All(_listener.Heard.Where(h => h.Message.Kind != KademliaMessageKind.Request), h => Assert.Equal(message.SocketId, h.Message.TransactionId));
    }

    [Fact]
    public void One_address_has_a_share_of_the_registrations()
    {
        for (uint id = 1; id <= 300; id++) _listener.Send(_node.EndPoint, _listener.Writer.Listen(id, InfoHash.OfText($"{id}"), id, _token));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(256, _node.Node.Store.ListenerCount);
        Assert.Equal(256, _node.Node.Store.KeyCount);
        _putter.Send(_node.EndPoint, _putter.Writer.Listen(1, Key, 1, _putToken));
        _lab.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(257, _node.Node.Store.ListenerCount);
    }

    [Fact]
    public void Many_values_are_pushed_in_several_messages()
    {
        for (ulong id = 1; id <= 40; id++) Put(Value(id, new string('x', 5000)));
        Listen(5);
        _lab.Run(TimeSpan.FromSeconds(1));
        KademliaMessage[] pushes = [.. _listener.Requests(KademliaRequest.Update).DistinctBy(u => u.TransactionId)];
        Assert.Equal(4, pushes.Length); // 12 values of 5,000 bytes reach 56 KiB.
        Assert.Equal(40, pushes.Sum(u => u.Announced.Count));
    }

    private static DhtValue Value(ulong id, string text = "hello") => new() { Id = id, Data = Encoding.ASCII.GetBytes(text) };

    private void Listen(uint socketId, ValueQuery? query = null)
    {
        _listener.Send(_node.EndPoint, _listener.Writer.Listen(_listener.NextId(), Key, socketId, _token, query));
        _lab.Run(TimeSpan.FromMilliseconds(100));
    }

    private void Put(DhtValue value, InfoHash? key = null)
    {
        _putter.Send(_node.EndPoint, _putter.Writer.Put(_putter.NextId(), key ?? Key, [value], null, _putToken));
        _lab.Run(TimeSpan.FromMilliseconds(100));
    }

    private byte[] Token(ScriptedPeer peer)
    {
        peer.Send(_node.EndPoint, peer.Writer.Find(peer.NextId(), Key));
        _lab.Run(TimeSpan.FromMilliseconds(100));
        return peer.Heard[^1].Message.Token.ToArray();
    }
}
