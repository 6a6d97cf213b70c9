using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>docs/decisions/0003-eager-dht.md: what an operation does before its search is finished.</summary>
public sealed class EagerOperationTests
{
    private static readonly InfoHash Key = InfoHash.OfText("key");
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(40);

    private readonly KademliaLab _lab = new() { LatencyMilliseconds = (10, 10), Trace = [] };

    private static DhtValue Value(ulong id, string text = "hello") => new() { Id = id, Data = System.Text.Encoding.ASCII.GetBytes(text) };

    [Fact]
    public void A_put_needs_two_round_trips_from_a_cold_start()
    {
        LabNode bootstrap = _lab.AddNode();
        LabNode putter = _lab.AddNode();
        putter.Node.Bootstrap(bootstrap.EndPoint, _lab.Now);
        PutOperation put = putter.Put(Key, Value(1));
        Assert.True(_lab.RunUntil(() => put.FirstAcknowledged is not null, TimeSpan.FromSeconds(10)));
        Assert.Equal(2 * RoundTrip, put.FirstAcknowledged!.Value.SinceStart);
        Assert.Single(bootstrap.Node.Store.Find(Key)!.Values);
        Assert.True(_lab.RunUntil(() => put.IsComplete, TimeSpan.FromSeconds(10)));
        Assert.DoesNotContain(_lab.Trace!, d => d.Message.Request == KademliaRequest.Ping); // The search itself was the first question.
    }

    [Fact]
    public void A_value_reaches_a_listener_while_other_nodes_of_the_lists_are_silent()
    {
        LabNode bootstrap = _lab.AddNode();
        List<LabNode> crowd = [];
        for (int i = 0; i < 20; i++)
        {
            crowd.Add(_lab.AddNode(isBehindNat: true));
            crowd[i].Bootstrap(bootstrap.EndPoint);
        }

        _lab.Run(TimeSpan.FromSeconds(30));
        LabNode listener = _lab.AddNode(isBehindNat: true);
        listener.Node.Bootstrap(bootstrap.EndPoint, _lab.Now);
        ListenOperation listen = listener.Listen(Key);
        Instant start = _lab.Now;
        Assert.True(_lab.RunUntil(() => listen.FirstRegistered is not null, TimeSpan.FromSeconds(10)));
        Assert.Equal(2 * RoundTrip, _lab.Now - start);

        LabNode putter = _lab.AddNode(isBehindNat: true);
        putter.Node.Bootstrap(bootstrap.EndPoint, _lab.Now);
        putter.Put(Key, Value(1));
        start = _lab.Now;
        Assert.True(_lab.RunUntil(() => listener.Values(listen).Any(), TimeSpan.FromSeconds(10)));
        Assert.Equal(2 * RoundTrip, _lab.Now - start); // One round trip for the token, half for the put, half for the push.
    }

    [Fact]
    public void A_value_that_exists_is_heard_with_the_first_answer()
    {
        LabNode bootstrap = _lab.AddNode();
        LabNode putter = _lab.AddNode();
        putter.Node.Bootstrap(bootstrap.EndPoint, _lab.Now);
        putter.Put(Key, Value(1));
        _lab.Run(TimeSpan.FromSeconds(5));
        LabNode listener = _lab.AddNode();
        listener.Node.Bootstrap(bootstrap.EndPoint, _lab.Now);
        ListenOperation listen = listener.Listen(Key);
        Instant start = _lab.Now;
        Assert.True(_lab.RunUntil(() => listener.Values(listen).Any(), TimeSpan.FromSeconds(10)));
        Assert.Equal(RoundTrip, _lab.Now - start);
        _lab.Run(TimeSpan.FromSeconds(5));
        Assert.Single(listener.Values(listen));
    }

    [Fact]
    public void A_second_put_uses_the_token_of_the_first()
    {
        LabNode bootstrap = _lab.AddNode();
        LabNode putter = _lab.AddNode();
        putter.Node.Bootstrap(bootstrap.EndPoint, _lab.Now);
        putter.Put(Key, Value(1));
        _lab.Run(TimeSpan.FromSeconds(5));
        Instant start = _lab.Now;
        PutOperation put = putter.Put(InfoHash.OfText("another key"), Value(2));
        Assert.True(_lab.RunUntil(() => put.FirstAcknowledged is not null, TimeSpan.FromSeconds(10)));
        Assert.Equal(RoundTrip, _lab.Now - start);
    }
}
