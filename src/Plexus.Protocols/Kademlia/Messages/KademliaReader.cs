using System.Buffers.Binary;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>Reads the envelope of messages.</summary>
/// <remarks>
/// <code>
/// {a: arguments, q: name, t, y: "q"}      request        [n] network id, [s] sender is a client,
/// {r: body, t, y: "r"}                    reply          [v] user agent, which nobody reads
/// {e: [code, text], r: body, t, y: "e"}   error
/// {u: body, t, y: "r"}                    legacy push
/// {y: "p", t, p: {index: {o, d}}}         value part
/// </code>
/// The kind follows from the keys that are present. The order of keys means nothing, unknown keys are passed over, the
/// last of several equal keys counts, bytes behind the map are ignored. A field of the wrong type makes the whole
/// datagram invalid.
/// </remarks>
internal static class KademliaReader
{
    /// <summary>32 nodes are kept of a list. Nodes name at most 8.</summary>
    public const int MostNodes = 32;

    /// <summary>64 pieces are taken from one part. Nodes send one.</summary>
    private const int MostParts = 64;

    public static bool TryRead(ReadOnlySpan<byte> datagram, out KademliaMessage? message)
    {
        message = null;
        Envelope envelope = default;
        MessagePackEntries entries = new(datagram);
        while (entries.MoveNext())
        {
            if (!envelope.TryKeep(entries.Key, entries.Value)) return false;
        }

        if (entries.IsMalformed || !TryClassify(envelope, out KademliaMessageKind kind, out KademliaRequest request)) return false;
        ulong errorCode = 0;
        List<ValuePart> parts = [];
        if (kind == KademliaMessageKind.Error && !TryReadError(envelope.Error, out errorCode)) return false;
        if (kind == KademliaMessageKind.Part && !TryReadParts(envelope.Part, parts)) return false;
        KademliaMessage read = new()
        {
            Kind = kind,
            Request = request,
            TransactionId = envelope.TransactionId,
            NetworkId = envelope.NetworkId,
            IsClient = envelope.IsClient,
            ErrorCode = errorCode,
            Parts = parts,
        };
        ReadOnlySpan<byte> body = kind switch
        {
            KademliaMessageKind.Request => envelope.Arguments,
            KademliaMessageKind.LegacyPush => envelope.Push,
            KademliaMessageKind.Part => default,
            _ => envelope.Reply,
        };
        if (!body.IsEmpty && !KademliaBody.TryRead(body, read)) return false;
        message = read;
        return true;
    }

    private static bool TryClassify(in Envelope envelope, out KademliaMessageKind kind, out KademliaRequest request)
    {
        request = KademliaRequest.None;
        if (!envelope.Error.IsEmpty) kind = KademliaMessageKind.Error;
        else if (!envelope.Reply.IsEmpty) kind = KademliaMessageKind.Reply;
        else if (!envelope.Part.IsEmpty) kind = KademliaMessageKind.Part;
        else if (!envelope.Push.IsEmpty) kind = KademliaMessageKind.LegacyPush;
        else
        {
            kind = KademliaMessageKind.Request;
            request = RequestOf(envelope.Name);
            return (envelope.Kind.IsEmpty || envelope.Kind.SequenceEqual("q"u8))
                && request != KademliaRequest.None
                && !envelope.Arguments.IsEmpty;
        }

        return true;
    }

    private static KademliaRequest RequestOf(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("ping"u8)) return KademliaRequest.Ping;
        if (name.SequenceEqual("find"u8)) return KademliaRequest.Find;
        if (name.SequenceEqual("get"u8)) return KademliaRequest.Get;
        if (name.SequenceEqual("put"u8)) return KademliaRequest.Put;
        if (name.SequenceEqual("refresh"u8)) return KademliaRequest.Refresh;
        if (name.SequenceEqual("listen"u8)) return KademliaRequest.Listen;
        return name.SequenceEqual("update"u8) ? KademliaRequest.Update : KademliaRequest.None;
    }

    private static bool TryReadError(ReadOnlySpan<byte> packed, out ulong code)
    {
        MessagePackReader reader = new(packed);
        code = 0;
        return reader.TryReadArray(out int count) && count > 0 && reader.TryReadUInt64(out code);
    }

    private static bool TryReadParts(ReadOnlySpan<byte> packed, List<ValuePart> parts)
    {
        MessagePackReader reader = new(packed);
        if (!reader.TryReadMap(out int count) || count > MostParts) return false;
        for (int i = 0; i < count; i++)
        {
            if (!reader.TryReadUInt32(out uint index)
                || !reader.TrySkip(out ReadOnlySpan<byte> piece)
                || !TryReadPiece(piece, out uint offset, out byte[] data))
            {
                return false;
            }

            // An empty piece adds nothing, and nothing lies so far behind the start.
            if (data.Length > 0 && index < KademliaBody.MostValues && offset < DhtValue.MaxPackedSize)
            {
                parts.Add(new ValuePart((int)index, (int)offset, data));
            }
        }

        return true;
    }

    private static bool TryReadPiece(ReadOnlySpan<byte> packed, out uint offset, out byte[] data)
    {
        ReadOnlySpan<byte> place = default, bytes = default;
        MessagePackEntries entries = new(packed);
        while (entries.MoveNext())
        {
            if (entries.Key.SequenceEqual("o"u8)) place = entries.Value;
            else if (entries.Key.SequenceEqual("d"u8)) bytes = entries.Value;
        }

        data = [];
        return new MessagePackReader(place).TryReadUInt32(out offset)
            && !entries.IsMalformed
            && new MessagePackReader(bytes).TryReadBlob(out data);
    }

    private ref struct Envelope
    {
        public ReadOnlySpan<byte> Arguments;
        public ReadOnlySpan<byte> Reply;
        public ReadOnlySpan<byte> Error;
        public ReadOnlySpan<byte> Part;
        public ReadOnlySpan<byte> Push;
        public ReadOnlySpan<byte> Name;
        public ReadOnlySpan<byte> Kind;
        public uint TransactionId;
        public uint NetworkId;
        public bool IsClient;

        public bool TryKeep(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            if (key.Length != 1) return true; // No key of the envelope is longer.
            MessagePackReader reader = new(value);
            switch (key[0])
            {
                case (byte)'a':
                    Arguments = value;
                    return reader.NextKind == MessagePackKind.Map;
                case (byte)'r':
                    Reply = value;
                    return reader.NextKind == MessagePackKind.Map;
                case (byte)'u':
                    Push = value;
                    return reader.NextKind == MessagePackKind.Map;
                case (byte)'p':
                    Part = value;
                    return reader.NextKind == MessagePackKind.Map;
                case (byte)'e':
                    Error = value;
                    return reader.NextKind == MessagePackKind.Array;
                case (byte)'q': return reader.TryReadBytes(out Name);
                case (byte)'y': return reader.TryReadBytes(out Kind);
                case (byte)'t': return TryReadTransactionId(ref reader, out TransactionId);
                case (byte)'n': return reader.TryReadUInt32(out NetworkId);
                case (byte)'s': return reader.TryReadBoolean(out IsClient);
                default: return true;
            }
        }

        private static bool TryReadTransactionId(ref MessagePackReader reader, out uint id)
        {
            if (reader.TryReadUInt32(out id)) return true;
            if (!reader.TryReadBlob(out byte[] bytes) || bytes.Length != sizeof(uint)) return false; // Very old senders.
            id = BinaryPrimitives.ReadUInt32BigEndian(bytes);
            return true;
        }
    }
}
