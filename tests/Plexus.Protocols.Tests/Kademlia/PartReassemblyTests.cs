using System.Net;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Tests.Kademlia;

public sealed class PartReassemblyTests
{
    private static readonly InfoHash Key = InfoHash.OfText("key");
    private static readonly IPEndPoint Source = new(IPAddress.Parse("203.0.113.7"), 4222);
    private static readonly IPEndPoint Other = new(IPAddress.Parse("203.0.113.8"), 4222);
    private static readonly KademliaWriter Writer = new(InfoHash.OfText("sender"));

    private readonly PartReassembly _reassembly = new();
    private Instant _now;

    [Theory]
    [InlineData(1, 587, 599, 0)] // The last that travels inside.
    [InlineData(1, 588, 600, 1)]
    [InlineData(49, 1, 12, 0)]
    [InlineData(50, 1, 12, 50)]
    [InlineData(2, 300, 312, 2)]
    [InlineData(1, 2560, 2572, 3)] // The head makes a third part necessary.
    public void Values_travel_inside_below_600_bytes_and_50_values(int count, int cipherLength, int packedLength, int parts)
    {
        DhtValue[] values = [.. Enumerable.Range(1, count).Select(i => new DhtValue { Id = (ulong)i, Cipher = new byte[cipherLength] })];
        Assert.Equal(packedLength, values[0].Pack().Length);
        Assert.Equal(1 + parts, Writer.Put(1, Key, values, null, [1]).Length);
        Assert.All(Writer.Put(1, Key, values, null, [1]), static d => Assert.InRange(d.Length, 1, 1330));
    }

    [Fact]
    public void Parts_in_any_order_make_the_values()
    {
        DhtValue[] values = [ValueOf(1, 5000), ValueOf(2, 30), ValueOf(3, 60_000)];
        byte[][] datagrams = Writer.Put(9, Key, values, 77, [1]);
        Random random = new(3);
        for (int round = 0; round < 20; round++)
        {
            byte[][] shuffled = [.. datagrams];
            random.Shuffle(shuffled);
            KademliaMessage? whole = null;
            foreach (byte[] datagram in shuffled)
            {
                Assert.Null(whole);
                whole = Feed(datagram, Source);
            }

            Assert.Equal(values, whole!.Values);
            Assert.Equal(77u, whole.Created);
            Assert.Empty(whole.Announced);
            Assert.Equal(0, _reassembly.Count);
            Assert.Equal(0, _reassembly.Bytes);
        }
    }

    [Fact]
    public void A_message_sent_again_fills_the_gaps_of_the_first_time()
    {
        byte[][] datagrams = Writer.Put(9, Key, [ValueOf(1, 5000)], null, [1]);
        foreach (int kept in new[] { 0, 2, 4 }) Assert.Null(Feed(datagrams[kept], Source));
        KademliaMessage? whole = null;
        foreach (byte[] datagram in datagrams[..4]) whole ??= Feed(datagram, Source);
        Assert.Equal(1u, Assert.Single(whole!.Values).Id);
    }

    [Fact]
    public void Parts_of_another_source_or_transaction_change_nothing()
    {
        byte[][] datagrams = Writer.Put(9, Key, [ValueOf(1, 1000)], null, [1]);
        Assert.Null(Feed(datagrams[0], Source));
        Assert.False(_reassembly.Expects(Other, 9));
        Assert.Null(Feed(datagrams[1], Other));
        Assert.Null(Feed(Writer.Put(8, Key, [ValueOf(1, 1000)], null, [1])[1], Source));
        Assert.NotNull(Feed(datagrams[1], Source));
    }

    [Fact]
    public void Parts_that_overlap_or_lie_outside_are_dropped()
    {
        DhtValue value = ValueOf(1, 1000);
        byte[] packed = value.Pack();
        Feed(Writer.Put(9, Key, [value], null, [1])[0], Source);
        Assert.Null(Feed(Part(9, 0, 0, packed.AsSpan(0, 500)), Source));
        long bytes = _reassembly.Bytes;
        Assert.Null(Feed(Part(9, 0, 499, packed.AsSpan(499)), Source)); // Overlaps by one byte.
        Assert.Null(Feed(Part(9, 0, 0, packed.AsSpan(0, 500)), Source));
        Assert.Null(Feed(Part(9, 0, 501, packed.AsSpan(500)), Source)); // Ends one byte too far.
        Assert.Null(Feed(Part(9, 1, 0, packed), Source)); // Nobody announced a second value.
        Assert.Equal(bytes, _reassembly.Bytes);
        Assert.NotNull(Feed(Part(9, 0, 500, packed.AsSpan(500)), Source));
    }

    [Theory]
    [InlineData(2.9, 3, true)]
    [InlineData(3.1, 3, false)] // The pause is too long.
    [InlineData(2.4, 5, true)]
    [InlineData(2.6, 5, false)] // 10.4 s in all.
    public void Messages_that_take_too_long_are_forgotten(double pause, int datagramCount, bool completes)
    {
        byte[][] datagrams = Writer.Put(9, Key, [ValueOf(1, 1280 * (datagramCount - 1) - 40)], null, [1]);
        Assert.Equal(datagramCount, datagrams.Length);
        KademliaMessage? whole = null;
        foreach (byte[] datagram in datagrams)
        {
            whole = Feed(datagram, Source);
            _now += TimeSpan.FromSeconds(pause);
        }

        Assert.Equal(completes, whole is not null);
        _now += TimeSpan.FromSeconds(4);
        _reassembly.Expire(_now);
        Assert.Equal(0, _reassembly.Count);
        Assert.Equal(0, _reassembly.Bytes);
        Assert.Null(_reassembly.Deadline);
    }

    [Fact]
    public void Early_parts_are_bounded_and_too_many_forget_the_message()
    {
        for (int i = 0; i < 98; i++) Assert.Null(Feed(Part(9, 0, i * 100, new byte[100]), Source));
        Assert.True(_reassembly.Expects(Source, 9));
        Assert.Null(Feed(Part(9, 0, 98 * 100, new byte[100]), Source));
        Assert.False(_reassembly.Expects(Source, 9));
        for (int i = 0; i < 97; i++) Assert.Null(Feed(Part(9, i, 0, new byte[1280]), Source));
        Assert.False(_reassembly.Expects(Source, 9)); // 122,912 bytes are 96.02 parts.
        Assert.Equal(0, _reassembly.Bytes);
    }

    [Fact]
    public void A_flood_of_headers_and_parts_is_bounded_for_each_source_and_for_all()
    {
        byte[] header = Request(Enumerable.Repeat(65_000, 4000));
        for (uint t = 0; t < 300; t++)
        {
            Feed(WithTransaction(header, t), Source);
            for (int i = 0; i < 10; i++) Feed(Part(t, i, 0, new byte[60_000]), Source);
        }

        Assert.InRange(_reassembly.Count, 1, 128);
        Assert.InRange(_reassembly.Bytes, 1, 8 << 20);
        for (int host = 0; host < 300; host++)
        {
            IPEndPoint source = new(new IPAddress([10, 0, (byte)(host >> 8), (byte)host]), 1);
            for (uint t = 0; t < 5; t++) Feed(WithTransaction(header, t), source);
        }

        Assert.InRange(_reassembly.Count, 1, 1024);
        Assert.InRange(_reassembly.Bytes, 1, 32 << 20);
        _now += TimeSpan.FromSeconds(4);
        _reassembly.Expire(_now);
        Assert.Equal(0, _reassembly.Count);
        Assert.Equal(0, _reassembly.Bytes);
    }

    [Fact]
    public void Announced_sizes_alone_allocate_next_to_nothing()
    {
        byte[] header = Request(Enumerable.Repeat(DhtValue.MaxPackedSize, 1000));
        Feed(WithTransaction(header, 1), Source);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Feed(WithTransaction(header, 2), Source);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 300_000);
    }

    [Fact]
    public void A_value_that_cannot_be_decoded_is_left_out_of_the_whole_message()
    {
        DhtValue value = ValueOf(1, 700);
        byte[] packed = value.Pack();
        Assert.Null(Feed(Request([packed.Length, 5]), Source));
        Assert.Null(Feed(Part(0, 1, 0, new byte[5]), Source));
        KademliaMessage? whole = Feed(Part(0, 0, 0, packed), Source);
        Assert.Equal(value, Assert.Single(whole!.Values));
    }

    [Fact]
    public void Updates_are_divided_once_they_carry_56_KiB()
    {
        DhtValue[] values = [.. Enumerable.Range(1, 10).Select(static i => ValueOf((ulong)i, 20_000))];
        Assert.Equal([3, 3, 3, 1], ValueParts.Batch(values).Select(static b => b.Count));
    }

    private static DhtValue ValueOf(ulong id, int dataLength) => new() { Id = id, Data = Enumerable.Range(0, dataLength).Select(static i => (byte)i).ToArray() };

    private static byte[] Part(uint transactionId, int index, int offset, ReadOnlySpan<byte> data) =>
        new MessagePackWriter().Map(3).String("y").String("p").String("t").Integer(transactionId).String("p").Map(1).Integer((ulong)index)
            .Map(2).String("o").Integer((ulong)offset).String("d").Binary(data).ToArray();

    private static byte[] Request(IEnumerable<int> sizes)
    {
        int[] all = [.. sizes];
        MessagePackWriter writer = new MessagePackWriter().Map(3).String("q").String("put").String("a").Map(2)
            .String("id").Hash(Key).String("values").Array(all.Length);
        foreach (int size in all) writer.Integer((ulong)size);
        return writer.String("t").Integer(0).ToArray();
    }

    private static byte[] WithTransaction(byte[] request, uint transactionId) =>
        new MessagePackWriter().Raw(request.AsSpan(0, request.Length - 1)).Integer(transactionId).ToArray();

    private KademliaMessage? Feed(byte[] datagram, IPEndPoint from)
    {
        Assert.True(KademliaMessage.TryRead(datagram, out KademliaMessage? message));
        if (_reassembly.Deadline <= _now) _reassembly.Expire(_now);
        return message!.Kind == KademliaMessageKind.Part
            ? _reassembly.OnPart(message, from, _now)
            : _reassembly.OnHeader(message, from, _now);
    }
}
