using Plexus.Protocols.Kademlia.Values;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>Decides how values travel: inside their message, or announced by size and following in parts.</summary>
internal static class ValueParts
{
    /// <summary>Packed values travel inside only while they have fewer bytes than this together.</summary>
    public const int InlineLimit = 600;

    /// <summary>Values travel inside only while they are fewer than this.</summary>
    public const int InlineCount = 50;

    /// <summary>1,280 bytes of a value in each part but its last: with the rest it fits every path's MTU.</summary>
    public const int PartSize = 1280;

    /// <summary>57,344 bytes: an update that has reached this much takes no further value.</summary>
    public const int UpdateLimit = 56 * 1024;

    /// <summary>Writes the field <c>values</c>. Answers whether parts must follow.</summary>
    public static bool WriteValues(MessagePackWriter writer, IReadOnlyList<byte[]> packed)
    {
        bool isAnnounced = packed.Count >= InlineCount || packed.Sum(static p => (long)p.Length) >= InlineLimit;
        writer.String("values"u8).Array(packed.Count);
        foreach (byte[] value in packed)
        {
            if (isAnnounced) writer.Integer((ulong)value.Length);
            else writer.Raw(value);
        }

        return isAnnounced;
    }

    /// <summary>Cuts announced values into the datagrams that follow their header, in order.</summary>
    public static IEnumerable<byte[]> Split(IReadOnlyList<byte[]> packed, uint transactionId, uint networkId, bool isClient)
    {
        MessagePackWriter writer = new(PartSize + 64);
        for (int index = 0; index < packed.Count; index++)
        {
            for (int offset = 0; offset < packed[index].Length; offset += PartSize)
            {
                int length = Math.Min(PartSize, packed[index].Length - offset);
                writer.Clear();
                writer.Map(3 + (networkId != 0 ? 1 : 0) + (isClient ? 1 : 0));
                if (networkId != 0) writer.String("n"u8).Integer(networkId);
                if (isClient) writer.String("s"u8).Boolean(true);
                writer.String("y"u8).String("p"u8).String("t"u8).Integer(transactionId);
                writer.String("p"u8).Map(1).Integer((ulong)index);
                writer.Map(2).String("o"u8).Integer((ulong)offset).String("d"u8).Binary(packed[index].AsSpan(offset, length));
                yield return writer.ToArray();
            }
        }
    }

    /// <summary>Divides values among several updates, so that none carries much more than <see cref="UpdateLimit"/>.</summary>
    public static IEnumerable<IReadOnlyList<DhtValue>> Batch(IEnumerable<DhtValue> values)
    {
        List<DhtValue> batch = [];
        int size = 0;
        foreach (DhtValue value in values)
        {
            batch.Add(value);
            size += value.Size;
            if (size < UpdateLimit) continue;
            yield return batch;
            batch = [];
            size = 0;
        }

        if (batch.Count > 0) yield return batch;
    }
}
