using System.Net;
using CsCheck;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>What is accepted and what is dropped: sections 3 and 4 of the protocol's description.</summary>
public sealed class KademliaMessageTests
{
    private static readonly InfoHash Sender = InfoHash.OfText("sender");
    private static readonly InfoHash Key = InfoHash.OfText("key");
    private static readonly IPEndPoint Requester = new(IPAddress.Parse("203.0.113.7"), 4222);

    private static KademliaWriter Writer => new(Sender);

    [Fact]
    public void Truncations_and_changed_bytes_of_every_captured_datagram_are_harmless()
    {
        long read = 0;
        foreach (byte[] datagram in Vectors.AllDatagrams().Take(400))
        {
            for (int length = 0; length < datagram.Length; length++)
            {
                Assert.False(KademliaMessage.TryRead(datagram.AsSpan(0, length), out _));
            }

            byte[] changed = [.. datagram];
            // Every byte of short datagrams; of long ones, whose middle is mere data, each seventh.
            for (int i = 0; i < changed.Length; i += changed.Length > 200 ? 7 : 1)
            {
                foreach (byte other in (ReadOnlySpan<byte>)[0x00, 0x7f, 0x80, 0x8f, 0xc1, 0xc4, 0xd9, 0xdd, 0xdf, 0xff])
                {
                    changed[i] = other;
                    if (KademliaMessage.TryRead(changed, out _)) read++;
                }

                changed[i] = datagram[i];
            }
        }

        Assert.True(read > 0);
    }

    [Fact]
    public void Truncations_and_changed_bytes_of_values_are_harmless()
    {
        foreach (string name in new[] { "value/signed-to-utype", "value/utype-prio", "value/encrypted" })
        {
            byte[] packed = Vectors.Basic(name).Hex();
            for (int length = 0; length < packed.Length; length++) Assert.False(DhtValue.TryUnpack(packed.AsSpan(0, length), out _));
            for (int i = 0; i < packed.Length; i++)
            {
                byte[] changed = [.. packed];
                for (int bit = 0; bit < 8; bit++)
                {
                    changed[i] = (byte)(packed[i] ^ 1 << bit);
                    if (DhtValue.TryUnpack(changed, out DhtValue? value)) _ = value!.Pack();
                }
            }
        }
    }

    [Fact]
    public void Random_bytes_are_harmless_and_cost_no_more_memory_than_they_have_bytes()
    {
        Gen.Byte.Array[0, 2000].Sample(static bytes =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            KademliaMessage.TryRead(bytes, out _);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096 + 64 * bytes.Length);
        });
    }

    [Fact]
    public void Random_objects_under_every_known_key_are_harmless()
    {
        string[] envelope = ["a", "r", "u", "p", "e", "q", "y", "t", "n", "s", "v"];
        string[] body = ["id", "sa", "h", "target", "token", "n4", "n6", "w", "q", "values", "fileds", "c", "vid", "sid", "ve", "re", "exp"];
        string[] inner = ["f", "v", "s", "w", "o", "d", "dat", "body", "sig", "seq", "owner", "to", "type", "data", "utype", "p", "pt"];
        Gen<byte[]> objects = Gen.Recursive<byte[]>((depth, self) => Gen.OneOf(
            Gen.ULong.Select(static n => new MessagePackWriter().Integer(n).ToArray()),
            Gen.Byte.Array[0, 60].Select(static b => new MessagePackWriter().Binary(b).ToArray()),
            Gen.Int[0, inner.Length - 1].Select(i => new MessagePackWriter().String(inner[i]).ToArray()),
            Gen.Bool.Select(static b => new MessagePackWriter().Boolean(b).ToArray()),
            depth > 3 ? Gen.Const(new byte[] { 0xc0 }) : self.Array[0, 5].Select(static all => Concat(new MessagePackWriter().Array(all.Length), all)),
            depth > 3 ? Gen.Const(new byte[] { 0x80 }) : Gen.Select(Gen.Int[0, body.Length + inner.Length - 1], self).Array[0, 5].Select(all =>
                Concat(new MessagePackWriter().Map(all.Length), all.SelectMany(e => new[] { NameOf(e.Item1), e.Item2 })))));
        Gen.Select(Gen.Int[0, envelope.Length - 1], objects).Array[1, 8].Sample(entries =>
        {
            byte[] datagram = Concat(new MessagePackWriter().Map(entries.Length), entries.SelectMany(e =>
                new[] { new MessagePackWriter().String(envelope[e.Item1]).ToArray(), e.Item2 }));
            KademliaMessage.TryRead(datagram, out _);
        });

        byte[] NameOf(int i) => new MessagePackWriter().String(i < body.Length ? body[i] : inner[i - body.Length]).ToArray();
    }

    [Fact]
    public void Bytes_behind_the_message_are_ignored()
    {
        Assert.True(KademliaMessage.TryRead([.. Writer.Ping(5), 0xc1, 0xff], out KademliaMessage? message));
        Assert.Equal(5u, message!.TransactionId);
    }

    [Fact]
    public void The_order_of_keys_means_nothing_unknown_ones_are_passed_over_and_the_last_of_two_counts()
    {
        byte[] datagram = new MessagePackWriter().Map(8)
            .String("v").Integer(1) // Nobody reads the agent.
            .String("zz").Array(2).Map(1).Integer(1).Integer(2).Boolean(true)
            .Integer(7).String("a") // Not a text: no key of ours.
            .String("t").Integer(1)
            .String("t").Integer(2)
            .String("s").Boolean(true)
            .String("q").Binary("ping"u8)
            .String("a").Map(2).String("id").Hash(Key).String("id").Hash(Sender)
            .ToArray();
        Assert.True(KademliaMessage.TryRead(datagram, out KademliaMessage? message)); // "y" is optional.
        Assert.Equal(KademliaRequest.Ping, message!.Request);
        Assert.Equal(2u, message.TransactionId);
        Assert.Equal(Sender, message.Sender);
        Assert.True(message.IsClient);
    }

    [Theory]
    [InlineData("c40410000001", true)] // Very old senders wrote four bytes.
    [InlineData("a410000001", true)]
    [InlineData("9410000001", true)]
    [InlineData("ce10000001", true)]
    [InlineData("cf0000000010000001", true)]
    [InlineData("d310000001", false)] // Cut.
    [InlineData("cf0000000110000001", false)] // More than 32 bits.
    [InlineData("c403100000", false)]
    [InlineData("ff", false)]
    [InlineData("c0", false)]
    public void Transaction_ids_come_in_several_forms(string packed, bool isRead)
    {
        byte[] datagram = Request("ping", w => w.Map(1).String("id").Hash(Sender), transactionId: Convert.FromHexString(packed));
        Assert.Equal(isRead, KademliaMessage.TryRead(datagram, out KademliaMessage? message));
        if (isRead) Assert.Equal(0x10000001u, message!.TransactionId);
    }

    [Theory]
    [InlineData("id", "b4")] // A text, even of 20 bytes, is no id.
    [InlineData("id", "c41300000000000000000000000000000000000000")] // 19 bytes.
    [InlineData("h", "01")]
    [InlineData("target", "c400")]
    [InlineData("sa", "a404030201")]
    [InlineData("token", "01")]
    [InlineData("token", "c3")]
    [InlineData("n4", "c41900000000000000000000000000000000000000000000000000")] // 25 bytes.
    [InlineData("n6", "c401ff")]
    [InlineData("w", "02")]
    [InlineData("w", "91a0")]
    [InlineData("c", "a0")]
    [InlineData("c", "ff")]
    [InlineData("vid", "c3")]
    [InlineData("sid", "cf0000000100000000")]
    [InlineData("ve", "a131")]
    [InlineData("re", "01")]
    [InlineData("exp", "91a0")]
    [InlineData("values", "01")]
    [InlineData("values", "80")]
    [InlineData("q", "80")] // Both parts are required.
    [InlineData("q", "81a17390")]
    [InlineData("q", "82a17390a1779182a16604a17601")] // A condition on the sequence number.
    [InlineData("q", "82a17390a1779182a16606a17601")]
    [InlineData("q", "82a17390a1779182a16602a176ce00010000")]
    [InlineData("q", "82a17390a1779182a16603a176c400")]
    [InlineData("q", "82a17390a1779181a16601")]
    [InlineData("q", "82a1739106a17790")] // Only fields that nobody knows.
    [InlineData("fileds", "82a16690a17690")] // No fields: a reader that divides by them falls.
    [InlineData("fileds", "82a1669101a17691a0")]
    [InlineData("fileds", "82a166920104a1769101")] // One element for two fields.
    [InlineData("fileds", "82a1669106a1769101")]
    public void A_field_of_the_wrong_form_makes_the_datagram_invalid(string field, string packed)
    {
        byte[] good = Request("get", w => w.Map(2).String("id").Hash(Sender).String("h").Hash(Key));
        Assert.True(KademliaMessage.TryRead(good, out _));
        byte[] bad = Request("get", w => w.Map(3).String("id").Hash(Sender).String("h").Hash(Key).String(field).Raw(Convert.FromHexString(packed)));
        Assert.False(KademliaMessage.TryRead(bad, out _));
    }

    [Theory]
    [InlineData("81a17901")] // A number for the kind.
    [InlineData("82a179a172a16180")] // Arguments, but not said to be a request.
    [InlineData("82a179a171a171a470696e67")] // No arguments.
    [InlineData("82a16180a171a4706f6e67")] // An unknown request.
    [InlineData("83a16180a171a470696e67a17301")] // An integer for a boolean.
    [InlineData("83a16180a171a470696e67a16ea137")] // A text for the network.
    [InlineData("81a16101")]
    [InlineData("81a16590")] // An error without a code.
    [InlineData("81a1708101c3")]
    [InlineData("81a1708101a16f")]
    [InlineData("80")]
    [InlineData("90")]
    [InlineData("")]
    public void What_is_no_message_is_dropped(string hex) => Assert.False(KademliaMessage.TryRead(Convert.FromHexString(hex), out _));

    [Fact]
    public void One_undecodable_value_takes_nothing_from_the_others()
    {
        DhtValue good = new() { Id = 1, Data = new byte[] { 1 } };
        byte[] datagram = Request("put", w => w.Map(2).String("id").Hash(Sender).String("values").Array(4)
            .Raw(good.Pack()).Map(1).String("id").Integer(3).Boolean(true).Raw((good with { Id = 2 }).Pack()));
        Assert.True(KademliaMessage.TryRead(datagram, out KademliaMessage? message));
        Assert.Equal([1u, 2u], message!.Values.Select(static v => v.Id));
    }

    [Fact]
    public void Sizes_that_are_too_large_are_left_out_and_places_stay()
    {
        byte[] datagram = Request("put", w => w.Map(2).String("id").Hash(Sender).String("values").Array(4)
            .Integer(DhtValue.MaxPackedSize + 1).Integer(DhtValue.MaxPackedSize).Integer(0).Integer(7));
        Assert.True(KademliaMessage.TryRead(datagram, out KademliaMessage? message));
        Assert.Equal([new(1, DhtValue.MaxPackedSize), new(3, 7)], message!.Announced);
    }

    [Fact]
    public void A_list_of_nodes_is_read_up_to_our_limit()
    {
        IPEndPoint endPoint = new(IPAddress.Parse("198.51.100.3"), 65_535);
        byte[] datagram = Writer.Nodes(1, Requester, [.. Enumerable.Repeat(new NodeEntry(Key, endPoint), 100)], [], new byte[32]);
        Assert.True(KademliaMessage.TryRead(datagram, out KademliaMessage? message));
        Assert.Equal(KademliaReader.MostNodes, message!.Nodes4.Count);
        Assert.All(message.Nodes4, n => Assert.Equal(endPoint, n.EndPoint));
        Assert.Equal(Requester.Address, message.ReportedAddress);
    }

    [Fact]
    public void Every_address_family_number_in_use_is_known_when_it_is_asked_for()
    {
        foreach ((ulong[] numbers, WantedFamilies want) in new (ulong[], WantedFamilies)[]
        {
            ([], WantedFamilies.None), ([2], WantedFamilies.V4), ([10], WantedFamilies.V6), ([23], WantedFamilies.V6),
            ([30], WantedFamilies.V6), ([2, 10, 99], WantedFamilies.Both),
        })
        {
            byte[] datagram = Request("find", w =>
            {
                w.Map(2).String("id").Hash(Sender).String("w").Array(numbers.Length);
                foreach (ulong number in numbers) w.Integer(number);
            });
            Assert.True(KademliaMessage.TryRead(datagram, out KademliaMessage? message));
            Assert.Equal(want, message!.Want);
        }
    }

    [Fact]
    public void A_client_on_another_network_says_so_in_every_message()
    {
        KademliaWriter writer = new(Sender, networkId: 77, isClient: true);
        DhtValue large = new() { Id = 1, Data = new byte[3000] };
        byte[][] all =
        [
            writer.Ping(1), writer.Acknowledge(1, Requester), writer.Error(1, 401, "no"), writer.UpdateExpired(1, 2, [3], [4]),
            writer.LegacyRefreshed(1, [3], [4]), .. writer.Put(1, Key, [large], 5, [6]), .. writer.Update(1, Key, 2, [large], null, [6]),
        ];
        Assert.Equal(5 + 4 + 4, all.Length);
        foreach (byte[] datagram in all)
        {
            Assert.True(KademliaMessage.TryRead(datagram, out KademliaMessage? message));
            Assert.Equal(77u, message!.NetworkId);
            Assert.True(message.IsClient);
            Assert.Equal(1u, message.TransactionId);
        }
    }

    [Theory]
    [InlineData("query/select-id-seq")]
    [InlineData("query/where-id")]
    [InlineData("query/where-type-owner-utype")]
    public void A_query_of_the_reference_library_is_written_again_byte_for_byte(string name)
    {
        byte[] packed = Vectors.Basic(name).Hex();
        Assert.True(ValueQuery.TryRead(packed, out ValueQuery? query));
        MessagePackWriter writer = new();
        query!.Write(writer);
        Assert.Equal(packed, writer.ToArray());
    }

    [Fact]
    public void A_query_matches_by_its_conditions_and_is_covered_by_wider_ones()
    {
        DhtValue value = new() { Id = 7, Type = 3, UserType = "text/plain" };
        ValueQuery both = new([], [ValueCondition.Id(7), ValueCondition.UserType("text/plain"u8.ToArray())]);
        Assert.True(both.Matches(value));
        Assert.False(both.Matches(value with { Id = 8 }));
        Assert.False(both.Matches(value with { UserType = "" }));
        Assert.False(new ValueQuery([], [ValueCondition.Owner(InfoHash.Zero)]).Matches(value)); // No owner is not the zero owner.
        Assert.True(new ValueQuery([], [ValueCondition.Type(3)]).Matches(value));
        Assert.True(both.IsCoveredBy(ValueQuery.Everything));
        Assert.True(both.IsCoveredBy(ValueQuery.ById(7)));
        Assert.False(ValueQuery.ById(7).IsCoveredBy(both));
        Assert.False(both.IsCoveredBy(new ValueQuery([ValueField.Id], [])));
        Assert.True(new ValueQuery([ValueField.Id], []).IsCoveredBy(new ValueQuery([ValueField.Sequence, ValueField.Id], [])));
        Assert.False(new ValueQuery([ValueField.Type], []).IsCoveredBy(new ValueQuery([ValueField.Id], [])));
    }

    private static byte[] Request(string name, Action<MessagePackWriter> arguments, byte[]? transactionId = null)
    {
        MessagePackWriter writer = new MessagePackWriter().Map(4).String("a");
        arguments(writer);
        return writer.String("q").String(name).String("t").Raw(transactionId ?? [0x01]).String("y").String("q").ToArray();
    }

    private static byte[] Concat(MessagePackWriter head, IEnumerable<byte[]> objects)
    {
        foreach (byte[] packed in objects) head.Raw(packed);
        return head.ToArray();
    }
}
