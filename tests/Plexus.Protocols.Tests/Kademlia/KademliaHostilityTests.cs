using System.Net;
using System.Text;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>Whatever strangers send, a node neither throws nor grows without bound.</summary>
public sealed class KademliaHostilityTests
{
    private readonly KademliaLab _lab = new() { LatencyMilliseconds = (5, 5) };
    private readonly byte[] _buffer = new byte[2048];

    [Fact]
    public void Every_truncation_and_many_mutations_of_captured_datagrams_do_no_harm()
    {
        LabNode node = BusyNode();
        Random random = new(11);
        IPEndPoint[] sources = [.. _lab.Hosts.Select(h => h.EndPoint), new(IPAddress.Parse("192.0.2.1"), 1)];
        long fed = 0;
        foreach (byte[] datagram in Vectors.AllDatagrams())
        {
            for (int length = 0; length <= datagram.Length; length += length < 200 ? 1 : 37) Feed(datagram.AsSpan(0, length));
            for (int i = 0; i < 40; i++)
            {
                byte[] mutated = [.. datagram];
                for (int j = random.Next(1, 4); j > 0; j--) mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
                Feed(mutated);
            }
        }

        byte[] noise = new byte[1500];
        for (int i = 0; i < 5000; i++)
        {
            random.NextBytes(noise);
            if (i % 2 == 0) noise[0] = (byte)(0x80 | i % 16);
            Feed(noise.AsSpan(0, random.Next(noise.Length)));
        }

        Assert.True(fed > 20_000);
        AssertBounded(node);
        node.Pump();
        _lab.Run(TimeSpan.FromMinutes(30));
        AssertBounded(node);

        void Feed(ReadOnlySpan<byte> bytes)
        {
            fed++;
            Instant now = _lab.Now + TimeSpan.FromMilliseconds(fed);
            node.Node.OnDatagram(bytes, sources[random.Next(sources.Length)], now);
            if (node.Node.Deadline <= now) node.Node.OnDeadline(now);
            while (node.Node.TryTransmit(_buffer, now, out _)) { }
            while (node.Node.TryTakeEvent(out _)) { }
        }
    }

    [Fact]
    public void A_flood_of_senders_ids_and_addresses_leaves_a_bounded_trace()
    {
        LabNode node = BusyNode();
        Random random = new(12);
        Instant now = _lab.Now;
        for (int i = 0; i < 50_000; i++)
        {
            now += TimeSpan.FromMilliseconds(1);
            KademliaWriter writer = new(InfoHash.Random(random.NextBytes));
            IPEndPoint from = new(new IPAddress(random.NextInt64(0x01000001, 0xdf000000)), random.Next(1, 65536));
            byte[] datagram = (i % 4) switch
            {
                0 => writer.Ping((uint)i),
                1 => writer.Find((uint)i, InfoHash.Random(random.NextBytes)),
                2 => writer.Put((uint)i, InfoHash.Random(random.NextBytes), [new DhtValue { Id = 1, Data = new byte[3000] }], null, ScriptedPeer.Token)[0],
                _ => writer.Listen((uint)i, InfoHash.Random(random.NextBytes), (uint)i, ScriptedPeer.Token),
            };
            node.Node.OnDatagram(datagram, from, now);
            if (node.Node.Deadline <= now) node.Node.OnDeadline(now);
            while (node.Node.TryTransmit(_buffer, now, out _)) { }
        }

        AssertBounded(node);
        Assert.Equal(1, node.Node.Store.ValueCount); // What was there before.
        Assert.Equal(1, node.Node.Store.ListenerCount);
    }

    [Fact]
    public void A_liar_that_names_ever_closer_nodes_does_not_lead_a_search_on_for_ever()
    {
        InfoHash key = InfoHash.OfText("key");
        LabNode node = _lab.AddNode();
        ScriptedPeer liar = _lab.AddPeer();
        int invented = 0;
        NodeEntry[] Invent() => [.. Enumerable.Range(0, 8).Select(_ =>
        {
            invented++;
            InfoHash id = key;
            for (int bit = 0; bit < 16; bit++) id = id.WithBit(144 + bit, (0xffff - invented >> (15 - bit) & 1) == 1 ^ key.GetBit(144 + bit));
            return new NodeEntry(id, new IPEndPoint(new IPAddress([20, 0, (byte)(invented >> 8), (byte)invented]), 4222));
        })];
        liar.Answer = (message, from) =>
        {
            if (liar.Reply(message, from, Invent()) is { } reply) liar.Send(from, reply);
        };
        node.Bootstrap(liar.EndPoint);
        GetOperation get = node.Get(key);
        Assert.True(_lab.RunUntil(() => get.IsFinished, TimeSpan.FromMinutes(2)));
        Assert.InRange(node.Node.Counters.Sent, 5, 200);
    }

    [Fact]
    public void Many_ids_at_one_endpoint_are_asked_as_one()
    {
        InfoHash key = InfoHash.OfText("key");
        LabNode node = _lab.AddNode();
        ScriptedPeer liar = _lab.AddPeer(), victim = _lab.AddPeer();
        liar.Behave([.. Enumerable.Range(0, 8).Select(i => new NodeEntry(key.WithBit(150 + i, !key.GetBit(150 + i)), victim.EndPoint))]);
        node.Bootstrap(liar.EndPoint);
        node.Get(key);
        _lab.Run(TimeSpan.FromSeconds(30));
        Assert.InRange(victim.Heard.Count, 1, 4 * Transactions.MaxAttemptsToStrangers); // The get, our own neighbourhood, maintenance.
    }

    private static void AssertBounded(LabNode node)
    {
        (int nodes, int requests, int searches, int parts) = node.Node.Load;
        Assert.InRange(nodes, 0, 400);
        Assert.InRange(requests, 0, 400);
        Assert.InRange(searches, 0, 4);
        Assert.InRange(parts, 0, 1024);
        Assert.InRange(node.Node.Store.ValueCount, 0, 100);
        Assert.InRange(node.Node.Counters.LostEvents, 0, 0);
    }

    /// <summary>A node in the middle of everything: searches, a registration, a permanent put, listeners of its own.</summary>
    private LabNode BusyNode()
    {
        List<LabNode> nodes = _lab.Grow(6, TimeSpan.FromSeconds(10));
        LabNode node = nodes[0];
        InfoHash key = InfoHash.OfText("key1");
        node.Listen(key);
        node.Put(key, new DhtValue { Id = 5, Data = Encoding.ASCII.GetBytes("hello") }, isPermanent: true);
        nodes[1].Listen(key);
        _lab.Run(TimeSpan.FromSeconds(2));
        return node;
    }
}
