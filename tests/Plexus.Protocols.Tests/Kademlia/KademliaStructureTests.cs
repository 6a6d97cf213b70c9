using System.Net;
using System.Text;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Searching;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>The parts of a node that are data structures: agenda, tables, collected values.</summary>
public sealed class KademliaStructureTests
{
    private readonly Random _random = new(5);

    [Fact]
    public void The_agenda_calls_in_order_whatever_was_moved_and_removed()
    {
        Agenda agenda = new();
        List<int> called = [];
        TimedAction[] items = [.. Enumerable.Range(0, 200).Select(i => new TimedAction(_ => called.Add(i)))];
        int[] dues = new int[items.Length];
        for (int i = 0; i < 2000; i++)
        {
            int index = _random.Next(items.Length);
            dues[index] = _random.Next(1, 1000);
            agenda.Set(items[index], At(dues[index]));
            int removed = _random.Next(items.Length);
            agenda.Remove(items[removed]);
            dues[removed] = 0;
        }

        int[] expected = [.. Enumerable.Range(0, items.Length).Where(i => dues[i] > 0).OrderBy(i => dues[i])];
        Assert.Equal(expected.Length, agenda.Count);
        Assert.Equal(At(dues[expected[0]]), agenda.Deadline);
        agenda.Run(At(500));
        Assert.Equal(expected.Count(i => dues[i] <= 500), called.Count);
        agenda.Run(At(1000));
        Assert.Equal(expected.Select(i => dues[i]), called.Select(i => dues[i]));
        Assert.Null(agenda.Deadline);
    }

    [Fact]
    public void What_is_set_for_now_while_running_does_not_run_for_ever()
    {
        Agenda agenda = new();
        int calls = 0;
        TimedAction? again = null;
        again = new TimedAction(now =>
        {
            calls++;
            agenda.Set(again!, now);
        });
        agenda.Set(again, At(1));
        agenda.Run(At(2));
        Assert.Equal(1, calls);
        Assert.Equal(At(2), agenda.Deadline);
    }

    [Fact]
    public void The_table_finds_exactly_the_closest()
    {
        NodeTable table = new();
        List<RemoteNode> nodes = [];
        for (int i = 0; i < 500; i++)
        {
            RemoteNode node = new(InfoHash.Random(_random.NextBytes), new IPEndPoint(IPAddress.Loopback, i + 1));
            if (i % 3 > 0) node.OnHeard(isClient: i % 10 == 0, At(0));
            if (i % 3 > 1) node.LastReply = At(0);
            node.IsExpired = i % 7 == 0;
            table.Hold(node);
            nodes.Add(node);
        }

        for (int i = 0; i < 50; i++)
        {
            InfoHash target = i % 5 == 0 ? nodes[i].Id : InfoHash.Random(_random.NextBytes);
            foreach (NodeFilter filter in Enum.GetValues<NodeFilter>())
            {
                List<RemoteNode> found = [];
                table.Closest(target, 14, filter, At(1), found, except: nodes[i].Id);
                Assert.Equal(
                    nodes.Where(n => !n.IsExpired && !n.IsClient && n != nodes[i] && (filter == NodeFilter.Usable || n.IsGood(At(1))))
                        .OrderBy(n => n.Id ^ target).Take(14),
                    found);
            }
        }

        foreach (RemoteNode node in nodes) table.Release(node);
        Assert.Equal(0, table.Count);
        table.Closest(InfoHash.Zero, 8, NodeFilter.Usable, At(1), nodes);
        Assert.Equal(500, nodes.Count);
    }

    [Fact]
    public void Buckets_split_around_our_own_id_and_keep_eight_nodes()
    {
        InfoHash own = InfoHash.Random(_random.NextBytes);
        NodeTable table = new();
        int pings = 0;
        int port = 0;
        RoutingTable routing = new(own, table, (_, _) => pings++);
        for (int i = 0; i < 5000; i++) routing.Insert(GoodNode(), Confirmation.Replied, At(0));
        Assert.All(routing.Buckets, bucket => Assert.InRange(bucket.Nodes.Count, 1, Bucket.Capacity));
        Assert.InRange(routing.Buckets.Count, 8, 14); // log2(5,000 / 8) = 9.3
        Assert.All(routing.Buckets, bucket => Assert.All(bucket.Nodes, node => Assert.True(bucket.Covers(node.Id))));
        Assert.All(routing.Buckets, bucket => Assert.True(bucket.Covers(bucket.RandomId(new RandomSource(_random.NextBytes)))));
        for (int i = 1; i < routing.Buckets.Count; i++) Assert.True(routing.Buckets[i - 1].First < routing.Buckets[i].First);
        Assert.Equal(InfoHash.Zero, routing.Buckets[0].First);
        Assert.Equal(table.Count, routing.NodeCount + routing.Buckets.Count(bucket => bucket.Candidate is not null));

        Bucket far = routing.Buckets.First(bucket => !bucket.Covers(own) && bucket.Nodes.Count == Bucket.Capacity);
        far.Nodes[3].IsExpired = true;
        RemoteNode gone = far.Nodes[3];
        pings = 0;
        routing.RemoveExpired(At(1));
        Assert.DoesNotContain(gone, far.Nodes);
        Assert.Null(table.Find(gone.Id));
        Assert.Equal(1, pings); // The candidate, which takes the place when it answers.

        far.Nodes[0].IsExpired = true;
        while (far.Nodes.Count < Bucket.Capacity) routing.Insert(GoodNode(far), Confirmation.Told, At(1));
        RemoteNode newcomer = GoodNode(far);
        Assert.True(routing.Insert(newcomer, Confirmation.Told, At(1)));
        Assert.Contains(newcomer, far.Nodes);

        far.Nodes[5].ForgetToken();
        far.Nodes[5].LastReply = null; // Dubious: asked whether it lives, while the newcomer waits.
        pings = 0;
        routing.Insert(GoodNode(far), Confirmation.Heard, At(1));
        Assert.Equal(1, pings);

        RemoteNode GoodNode(Bucket? bucket = null)
        {
            InfoHash id = bucket?.RandomId(new RandomSource(_random.NextBytes)) ?? InfoHash.Random(_random.NextBytes);
            RemoteNode node = new(id, new IPEndPoint(IPAddress.Loopback, ++port)) { LastReply = At(0) };
            node.OnHeard(isClient: false, At(0));
            return node;
        }
    }

    [Fact]
    public void No_source_fills_the_room_for_values_alone()
    {
        CollectedValues values = new();
        InfoHash flooder = InfoHash.OfText("flooder"), honest = InfoHash.OfText("honest");
        int taken = Enumerable.Range(1, 5000).Count(i => values.Add(Value((ulong)i), flooder, At(600)));
        Assert.Equal(CollectedValues.Capacity / 4, taken);
        Assert.True(values.Add(Value(9999), honest, At(600)));
        Assert.False(values.Add(Value(9999), flooder, At(700))); // Known already; now both have it.
        Assert.Empty(values.End(9999, honest));
        Assert.Equal(Value(9999), Assert.Single(values.End(9999, flooder)));
        Assert.True(values.Add(Value(9999), honest, At(600))); // New again.
        values.Refresh(9999, honest, _ => At(900));
        Assert.Equal(taken, values.End(At(600)).Count);
        Assert.Equal(Value(9999), Assert.Single(values.End(At(900))));
        Assert.Null(values.NextEnd);
        Assert.Empty(values.Values);
        Assert.True(values.Add(Value(1, new string('x', 60_000)), flooder, At(600)));
        taken = Enumerable.Range(2, 100).Count(i => values.Add(Value((ulong)i, new string('x', 60_000)), flooder, At(600)));
        Assert.InRange(taken * 60_000, CollectedValues.MaxBytes / 4 - 130_000, CollectedValues.MaxBytes / 4);
    }

    private static DhtValue Value(ulong id, string text = "hello") => new() { Id = id, Data = Encoding.ASCII.GetBytes(text) };

    private static Instant At(int seconds) => Instant.Zero + TimeSpan.FromSeconds(seconds);
}
