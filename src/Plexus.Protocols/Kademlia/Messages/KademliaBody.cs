using System.Buffers.Binary;
using System.Net;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>Reads the body of requests, replies and pushes: docs/protocols/opendht.md, "Messages".</summary>
internal static class KademliaBody
{
    /// <summary>4,096 values or ids in one message: as many as a listener caches for one node.</summary>
    public const int MostValues = 4096;

    // The numbers of the address families on the systems that the senders were built for.
    private const int LinuxIPv4 = 2; // The same everywhere.
    private const int LinuxIPv6 = 10;
    private const int WindowsIPv6 = 23;
    private const int MacIPv6 = 30;

    private const int PortSize = sizeof(ushort);

    public static bool TryRead(ReadOnlySpan<byte> body, KademliaMessage message)
    {
        MessagePackEntries entries = new(body);
        while (entries.MoveNext())
        {
            if (!TryReadField(entries.Key, new MessagePackReader(entries.Value), message)) return false;
        }

        return !entries.IsMalformed;
    }

    private static bool TryReadField(ReadOnlySpan<byte> key, MessagePackReader value, KademliaMessage message)
    {
        bool isRead = true;
        if (key.SequenceEqual("id"u8))
        {
            isRead = DhtValueCodec.TryReadHash(value.Rest, out InfoHash id);
            message.Sender = id;
        }
        else if (key.SequenceEqual("h"u8))
        {
            isRead = DhtValueCodec.TryReadHash(value.Rest, out InfoHash hash);
            message.Key = hash;
        }
        else if (key.SequenceEqual("target"u8))
        {
            isRead = DhtValueCodec.TryReadHash(value.Rest, out InfoHash target);
            message.Target = target;
        }
        else if (key.SequenceEqual("token"u8))
        {
            isRead = value.TryReadBlob(out byte[] token);
            message.Token = token;
        }
        else if (key.SequenceEqual("n4"u8))
        {
            isRead = TryReadNodes(ref value, addressSize: 4, out List<NodeEntry> nodes);
            message.Nodes4 = nodes;
        }
        else if (key.SequenceEqual("n6"u8))
        {
            isRead = TryReadNodes(ref value, addressSize: 16, out List<NodeEntry> nodes);
            message.Nodes6 = nodes;
        }
        else if (key.SequenceEqual("sa"u8))
        {
            isRead = value.TryReadBinary(out ReadOnlySpan<byte> address);
            message.ReportedAddress = address.Length is 4 or 16 ? new IPAddress(address) : null;
        }
        else if (key.SequenceEqual("w"u8))
        {
            isRead = TryReadWant(ref value, out WantedFamilies want);
            message.Want = want;
        }
        else if (key.SequenceEqual("q"u8))
        {
            isRead = ValueQuery.TryRead(value.Rest, out ValueQuery? query);
            message.Query = query ?? ValueQuery.Everything;
        }
        else if (key.SequenceEqual("values"u8))
        {
            isRead = TryReadValues(ref value, message);
        }
        else if (key.SequenceEqual("fileds"u8)) // The misspelling is the key.
        {
            isRead = SelectedFields.TryRead(value.Rest, out IReadOnlyList<SelectedFields> fields);
            message.Fields = fields;
        }
        else if (key.SequenceEqual("c"u8))
        {
            isRead = value.TryReadUInt64(out ulong created);
            message.Created = created;
        }
        else if (key.SequenceEqual("vid"u8))
        {
            isRead = value.TryReadUInt64(out ulong valueId);
            message.ValueId = valueId;
        }
        else if (key.SequenceEqual("sid"u8))
        {
            isRead = value.TryReadUInt32(out uint socketId);
            message.SocketId = socketId;
        }
        else if (key.SequenceEqual("ve"u8))
        {
            isRead = value.TryReadInt32(out int version);
            message.ListenVersion = version;
        }
        else if (key.SequenceEqual("re"u8))
        {
            isRead = TryReadIds(ref value, out List<ulong> ids);
            message.Refreshed = ids;
        }
        else if (key.SequenceEqual("exp"u8))
        {
            isRead = TryReadIds(ref value, out List<ulong> ids);
            message.Expired = ids;
        }

        return isRead;
    }

    /// <summary>Reads entries of id, address and port (big-endian, no padding), to the end of the bytes.</summary>
    private static bool TryReadNodes(ref MessagePackReader reader, int addressSize, out List<NodeEntry> nodes)
    {
        nodes = [];
        int size = InfoHash.Size + addressSize + PortSize;
        if (!reader.TryReadBlob(out byte[] bytes) || bytes.Length % size != 0) return false;
        ReadOnlySpan<byte> rest = bytes;
        for (; !rest.IsEmpty && nodes.Count < KademliaReader.MostNodes; rest = rest[size..])
        {
            IPAddress address = new(rest.Slice(InfoHash.Size, addressSize));
            int port = BinaryPrimitives.ReadUInt16BigEndian(rest[(size - PortSize)..]);
            nodes.Add(new NodeEntry(new InfoHash(rest[..InfoHash.Size]), new IPEndPoint(address, port)));
        }

        return true;
    }

    private static bool TryReadWant(ref MessagePackReader reader, out WantedFamilies want)
    {
        want = WantedFamilies.None;
        if (!reader.TryReadArray(out int count)) return false;
        for (int i = 0; i < count; i++)
        {
            if (!reader.TryReadInt32(out int family)) return false;
            if (family == LinuxIPv4) want |= WantedFamilies.V4;
            else if (family is LinuxIPv6 or WindowsIPv6 or MacIPv6) want |= WantedFamilies.V6;
        }

        return true;
    }

    private static bool TryReadValues(ref MessagePackReader reader, KademliaMessage message)
    {
        if (!reader.TryReadArray(out int count) || count > MostValues) return false;
        List<DhtValue> values = [];
        List<AnnouncedValue> announced = [];
        for (int i = 0; i < count; i++)
        {
            if (reader.TryReadUInt64(out ulong size))
            {
                if (size is > 0 and <= DhtValue.MaxPackedSize) announced.Add(new AnnouncedValue(i, (int)size));
            }
            else if (!reader.TrySkip(out ReadOnlySpan<byte> packed))
            {
                return false;
            }
            else if (packed.Length <= DhtValue.MaxPackedSize && DhtValue.TryUnpack(packed, out DhtValue? value))
            {
                values.Add(value!); // One that cannot be read takes nothing from the others.
            }
        }

        message.Values = values;
        message.Announced = announced;
        return true;
    }

    private static bool TryReadIds(ref MessagePackReader reader, out List<ulong> ids)
    {
        ids = [];
        if (!reader.TryReadArray(out int count) || count > MostValues) return false;
        for (int i = 0; i < count; i++)
        {
            if (!reader.TryReadUInt64(out ulong id)) return false;
            ids.Add(id);
        }

        return true;
    }
}
