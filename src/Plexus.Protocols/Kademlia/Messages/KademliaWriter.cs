using System.Buffers.Binary;
using System.Net;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>Writes every message that a node sends, in the forms and the order of keys of the reference node.</summary>
/// <remarks>
/// A message without values is one datagram. One with values may be several (<see cref="ValueParts"/>): send them back
/// to back and in order, since nodes up to 2.5 drop parts that come early.
/// </remarks>
/// <param name="self">Our node id.</param>
/// <param name="networkId">0 is the public network and is not written.</param>
/// <param name="isClient">Whether to ask others to keep us out of their routing tables.</param>
/// <param name="agent">What we call ourselves. Nobody reads it.</param>
internal sealed class KademliaWriter(InfoHash self, uint networkId = 0, bool isClient = false, string agent = "px")
{
    private const int LinuxIPv4 = 2;
    private const int LinuxIPv6 = 10; // Nodes built for Linux know no other number for IPv6.

    private const int RequestKeys = 5; // a q t y v
    private const int ReplyKeys = 4; // r t y v

    private readonly MessagePackWriter _writer = new();

    public InfoHash Self => self;

    public byte[] Ping(uint transactionId)
    {
        Arguments(1);
        return Request(transactionId, "ping"u8);
    }

    public byte[] Find(uint transactionId, InfoHash target, WantedFamilies? want = null)
    {
        Arguments(want is null ? 2 : 3).String("target"u8).Hash(target);
        Want(want);
        return Request(transactionId, "find"u8);
    }

    public byte[] Get(uint transactionId, InfoHash key, ValueQuery? query = null, WantedFamilies? want = null)
    {
        bool asks = query is { IsEverything: false };
        Arguments(2 + (asks ? 1 : 0) + (want is null ? 0 : 1)).String("h"u8).Hash(key);
        if (asks) Query(query!);
        Want(want);
        return Request(transactionId, "get"u8);
    }

    /// <summary>Stores values. The time of creation is in seconds since 1970, null for a permanent put.</summary>
    public byte[][] Put(uint transactionId, InfoHash key, IReadOnlyList<DhtValue> values, ulong? created, ReadOnlySpan<byte> token)
    {
        byte[][] packed = Pack(values);
        Arguments(created is null ? 4 : 5).String("h"u8).Hash(key);
        bool isAnnounced = ValueParts.WriteValues(_writer, packed);
        if (created is { } second) _writer.String("c"u8).Integer(second);
        Token(token);
        return WithParts(Request(transactionId, "put"u8), transactionId, packed, isAnnounced);
    }

    public byte[] Refresh(uint transactionId, InfoHash key, ulong valueId, ReadOnlySpan<byte> token)
    {
        Arguments(4).String("h"u8).Hash(key).String("vid"u8).Integer(valueId);
        Token(token);
        return Request(transactionId, "refresh"u8);
    }

    public byte[] Listen(uint transactionId, InfoHash key, uint socketId, ReadOnlySpan<byte> token, ValueQuery? query = null)
    {
        bool asks = query is { IsEverything: false };
        Arguments(asks ? 6 : 5).String("ve"u8).Integer(1).String("h"u8).Hash(key);
        Token(token);
        _writer.String("sid"u8).Integer(socketId);
        if (asks) Query(query!);
        return Request(transactionId, "listen"u8);
    }

    public byte[][] Update(
        uint transactionId, InfoHash key, uint socketId, IReadOnlyList<DhtValue> values, ulong? created, ReadOnlySpan<byte> token)
    {
        byte[][] packed = Pack(values);
        Arguments(created is null ? 6 : 7).String("ve"u8).Integer(1).String("h"u8).Hash(key).String("sid"u8).Integer(socketId);
        bool isAnnounced = ValueParts.WriteValues(_writer, packed);
        if (created is { } second) _writer.String("c"u8).Integer(second);
        Token(token);
        return WithParts(Request(transactionId, "update"u8), transactionId, packed, isAnnounced);
    }

    public byte[] UpdateRefreshed(uint transactionId, uint socketId, IReadOnlyCollection<ulong> ids, ReadOnlySpan<byte> token)
    {
        Arguments(4).String("sid"u8).Integer(socketId);
        Token(token);
        Ids("re"u8, ids);
        return UpdateOfIds(transactionId);
    }

    public byte[] UpdateExpired(uint transactionId, uint socketId, IReadOnlyCollection<ulong> ids, ReadOnlySpan<byte> token)
    {
        Arguments(4).String("sid"u8).Integer(socketId);
        Token(token);
        Ids("exp"u8, ids);
        return UpdateOfIds(transactionId);
    }

    /// <summary>Answers a ping or acknowledges an update. Like every reply it tells the requester its address.</summary>
    public byte[] Acknowledge(uint transactionId, IPEndPoint to)
    {
        Reply(2, to);
        return Reply(transactionId);
    }

    /// <summary>Acknowledges a put or a refresh of one value.</summary>
    public byte[] AcknowledgeValue(uint transactionId, IPEndPoint to, ulong valueId)
    {
        Head("r"u8, ReplyKeys).Map(3).String("id"u8).Hash(self).String("vid"u8).Integer(valueId);
        Address(to);
        return Reply(transactionId);
    }

    /// <summary>Acknowledges a listen.</summary>
    public byte[] ListenReply(uint transactionId, IPEndPoint to, ReadOnlySpan<byte> token)
    {
        Reply(3, to);
        Token(token);
        return Reply(transactionId);
    }

    /// <summary>Answers a find, or a get for which we have no value.</summary>
    /// <remarks>The token is never empty: a node that answers without one is shunned for ever.</remarks>
    public byte[] Nodes(
        uint transactionId, IPEndPoint to, IReadOnlyCollection<NodeEntry> nodes4, IReadOnlyCollection<NodeEntry> nodes6, ReadOnlySpan<byte> token)
    {
        NodesAndToken(3, to, nodes4, nodes6, token);
        return Reply(transactionId);
    }

    /// <summary>Answers a get with complete values. Also the push of values to a legacy listener, with its socket id.</summary>
    public byte[][] Values(
        uint transactionId,
        IPEndPoint to,
        IReadOnlyCollection<NodeEntry> nodes4,
        IReadOnlyCollection<NodeEntry> nodes6,
        ReadOnlySpan<byte> token,
        IReadOnlyList<DhtValue> values)
    {
        byte[][] packed = Pack(values);
        NodesAndToken(4, to, nodes4, nodes6, token);
        bool isAnnounced = ValueParts.WriteValues(_writer, packed);
        return WithParts(Reply(transactionId), transactionId, packed, isAnnounced);
    }

    /// <summary>Answers a get that selects fields.</summary>
    public byte[] Fields(
        uint transactionId,
        IPEndPoint to,
        IReadOnlyCollection<NodeEntry> nodes4,
        IReadOnlyCollection<NodeEntry> nodes6,
        ReadOnlySpan<byte> token,
        IReadOnlyList<ValueField> select,
        IReadOnlyCollection<DhtValue> values)
    {
        NodesAndToken(4, to, nodes4, nodes6, token);
        SelectedFields.Write(_writer.String("fileds"u8), select, values);
        return Reply(transactionId);
    }

    /// <summary>Refuses a request with one of <see cref="KademliaError"/>. The text is for people only.</summary>
    public byte[] Error(uint transactionId, uint code, string text)
    {
        // Without the sender's id the error is dropped, and old nodes misread it.
        Head("e"u8, ReplyKeys + 1).Array(2).Integer(code).String(text).String("r"u8).Map(1).String("id"u8).Hash(self);
        return End(transactionId, "e"u8);
    }

    /// <summary>Tells a legacy listener of refreshed values.</summary>
    public byte[] LegacyRefreshed(uint socketId, IReadOnlyCollection<ulong> ids, ReadOnlySpan<byte> token) =>
        LegacyPush(socketId, "re"u8, ids, token);

    /// <summary>Tells a legacy listener of values that are gone.</summary>
    public byte[] LegacyExpired(uint socketId, IReadOnlyCollection<ulong> ids, ReadOnlySpan<byte> token) =>
        LegacyPush(socketId, "exp"u8, ids, token);

    private static byte[][] Pack(IReadOnlyList<DhtValue> values)
    {
        byte[][] packed = new byte[values.Count][];
        for (int i = 0; i < packed.Length; i++) packed[i] = values[i].Pack();
        return packed;
    }

    private byte[][] WithParts(byte[] header, uint transactionId, byte[][] packed, bool isAnnounced) =>
        isAnnounced ? [header, .. ValueParts.Split(packed, transactionId, networkId, isClient)] : [header];

    private byte[] LegacyPush(uint socketId, ReadOnlySpan<byte> name, IReadOnlyCollection<ulong> ids, ReadOnlySpan<byte> token)
    {
        Head("u"u8, ReplyKeys).Map(3).String("id"u8).Hash(self);
        Token(token);
        Ids(name, ids);
        KindAndAgent("r"u8);
        _writer.String("t"u8).Integer(socketId);
        return _writer.ToArray();
    }

    // The reference node writes these two in an order of their own.
    private byte[] UpdateOfIds(uint transactionId)
    {
        KindAndAgent("q"u8);
        _writer.String("q"u8).String("update"u8).String("t"u8).Integer(transactionId);
        return _writer.ToArray();
    }

    private MessagePackWriter Head(ReadOnlySpan<byte> name, int keys)
    {
        _writer.Clear();
        return _writer.Map(keys + (networkId != 0 ? 1 : 0) + (isClient ? 1 : 0)).String(name);
    }

    private MessagePackWriter Arguments(int count) => Head("a"u8, RequestKeys).Map(count).String("id"u8).Hash(self);

    private void Reply(int count, IPEndPoint to)
    {
        Head("r"u8, ReplyKeys).Map(count).String("id"u8).Hash(self);
        Address(to);
    }

    private void NodesAndToken(
        int count, IPEndPoint to, IReadOnlyCollection<NodeEntry> nodes4, IReadOnlyCollection<NodeEntry> nodes6, ReadOnlySpan<byte> token)
    {
        Reply(count + (nodes4.Count > 0 ? 1 : 0) + (nodes6.Count > 0 ? 1 : 0), to);
        if (nodes4.Count > 0) NodeList("n4"u8, nodes4, addressSize: 4);
        if (nodes6.Count > 0) NodeList("n6"u8, nodes6, addressSize: 16);
        Token(token);
    }

    private byte[] Request(uint transactionId, ReadOnlySpan<byte> name)
    {
        _writer.String("q"u8).String(name);
        return End(transactionId, "q"u8);
    }

    private byte[] Reply(uint transactionId) => End(transactionId, "r"u8);

    private byte[] End(uint transactionId, ReadOnlySpan<byte> kind)
    {
        _writer.String("t"u8).Integer(transactionId);
        KindAndAgent(kind);
        return _writer.ToArray();
    }

    private void KindAndAgent(ReadOnlySpan<byte> kind)
    {
        _writer.String("y"u8).String(kind).String("v"u8).String(agent);
        if (networkId != 0) _writer.String("n"u8).Integer(networkId);
        if (isClient) _writer.String("s"u8).Boolean(true);
    }

    private void Token(ReadOnlySpan<byte> token) => _writer.String("token"u8).Binary(token);

    private void Query(ValueQuery query) => query.Write(_writer.String("q"u8));

    private void Address(IPEndPoint to)
    {
        Span<byte> address = stackalloc byte[16];
        to.Address.TryWriteBytes(address, out int length);
        _writer.String("sa"u8).Binary(address[..length]);
    }

    private void Want(WantedFamilies? want)
    {
        if (want is not { } families) return;
        bool v4 = families.HasFlag(WantedFamilies.V4), v6 = families.HasFlag(WantedFamilies.V6);
        _writer.String("w"u8).Array((v4 ? 1 : 0) + (v6 ? 1 : 0));
        if (v4) _writer.Integer(LinuxIPv4);
        if (v6) _writer.Integer(LinuxIPv6);
    }

    private void Ids(ReadOnlySpan<byte> name, IReadOnlyCollection<ulong> ids)
    {
        _writer.String(name).Array(ids.Count);
        foreach (ulong id in ids) _writer.Integer(id);
    }

    private void NodeList(ReadOnlySpan<byte> name, IReadOnlyCollection<NodeEntry> nodes, int addressSize)
    {
        int size = InfoHash.Size + addressSize + sizeof(ushort);
        byte[] bytes = new byte[nodes.Count * size];
        Span<byte> rest = bytes;
        foreach (NodeEntry node in nodes)
        {
            node.Id.CopyTo(rest);
            if (!node.EndPoint.Address.TryWriteBytes(rest[InfoHash.Size..^sizeof(ushort)], out int written) || written != addressSize)
            {
                throw new ArgumentException("A node list holds addresses of one family.", nameof(nodes));
            }

            BinaryPrimitives.WriteUInt16BigEndian(rest[(size - sizeof(ushort))..], (ushort)node.EndPoint.Port);
            rest = rest[size..];
        }

        _writer.String(name).Binary(bytes);
    }
}
