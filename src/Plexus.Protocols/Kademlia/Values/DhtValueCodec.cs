using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Values;

/// <summary>The MessagePack form of values.</summary>
/// <remarks>
/// <code>
/// value = {id, dat [, p] [, pt]}
/// dat   = {body [, sig]}                                   plain and signed
///       | bin                                              encrypted
/// body  = {[seq, owner [, to],] type, data [, utype]}      in this order: it is what the signature covers
/// </code>
/// Inside values the first of several equal keys counts.
/// </remarks>
internal static class DhtValueCodec
{
    // An RSA signature is as long as its modulus, and a key may have at most 2,048 bytes.
    private const int LongestSignature = PublicKeyInfo.MaxLength;

    public static bool TryRead(ReadOnlySpan<byte> packed, out DhtValue? value)
    {
        value = null;
        ReadOnlySpan<byte> id = default, content = default, priority = default, pushType = default;
        MessagePackEntries entries = new(packed);
        while (entries.MoveNext())
        {
            if (entries.Key.SequenceEqual("id"u8)) KeepFirst(ref id, entries.Value);
            else if (entries.Key.SequenceEqual("dat"u8)) KeepFirst(ref content, entries.Value);
            else if (entries.Key.SequenceEqual("p"u8)) KeepFirst(ref priority, entries.Value);
            else if (entries.Key.SequenceEqual("pt"u8)) KeepFirst(ref pushType, entries.Value);
        }

        if (entries.IsMalformed || !new MessagePackReader(id).TryReadUInt64(out ulong number)) return false;
        uint hint = 0;
        ReadOnlySpan<byte> push = default;
        if (!priority.IsEmpty && !new MessagePackReader(priority).TryReadUInt32(out hint)) return false;
        if (!pushType.IsEmpty && !new MessagePackReader(pushType).TryReadBytes(out push)) return false;

        MessagePackReader reader = new(content);
        if (reader.TryReadBinary(out ReadOnlySpan<byte> cipher))
        {
            if (cipher.IsEmpty) return false;
            value = new DhtValue { Id = number, Cipher = cipher.ToArray(), Priority = hint, PushType = push.ToArray() };
            return true;
        }

        if (!TryReadContent(content, number, out DhtValue? read)) return false;
        value = hint == 0 && push.IsEmpty ? read : read! with { Priority = hint, PushType = push.ToArray() };
        return true;
    }

    /// <summary>Reads the map of body and signature, which is also what an encrypted value hides.</summary>
    public static bool TryReadContent(ReadOnlySpan<byte> packed, ulong id, out DhtValue? value)
    {
        value = null;
        ReadOnlySpan<byte> body = default, signature = default;
        MessagePackEntries entries = new(packed);
        while (entries.MoveNext())
        {
            if (entries.Key.SequenceEqual("body"u8)) KeepFirst(ref body, entries.Value);
            else if (entries.Key.SequenceEqual("sig"u8)) KeepFirst(ref signature, entries.Value);
        }

        if (entries.IsMalformed || !TryReadBody(body, id, out DhtValue? unsigned)) return false;
        if (unsigned!.Owner.IsEmpty)
        {
            value = unsigned;
            return true;
        }

        // An owner without a signature would be a claim that nothing supports.
        if (!new MessagePackReader(signature).TryReadBlob(out byte[] bytes)
            || bytes.Length is 0 or > LongestSignature)
        {
            return false;
        }

        value = unsigned with { Signature = bytes };
        return true;
    }

    public static void Write(MessagePackWriter writer, DhtValue value)
    {
        writer.Map(2 + (value.Priority != 0 ? 1 : 0) + (value.PushType.IsEmpty ? 0 : 1));
        writer.String("id"u8).Integer(value.Id).String("dat"u8);
        if (value.IsEncrypted) writer.Binary(value.Cipher.Span);
        else WriteContent(writer, value);
        if (value.Priority != 0) writer.String("p"u8).Integer(value.Priority);
        if (!value.PushType.IsEmpty) writer.String("pt"u8).String(value.PushType.Span);
    }

    public static void WriteContent(MessagePackWriter writer, DhtValue value)
    {
        writer.Map(value.Signature.IsEmpty ? 1 : 2).String("body"u8);
        WriteBody(writer, value);
        if (!value.Signature.IsEmpty) writer.String("sig"u8).Binary(value.Signature.Span);
    }

    /// <summary>Writes the body in canonical form: these bytes are signed.</summary>
    public static void WriteBody(MessagePackWriter writer, DhtValue value)
    {
        bool isOwned = !value.Owner.IsEmpty;
        InfoHash? recipient = isOwned ? value.Recipient : null;
        writer.Map((isOwned ? 4 : 2) + (recipient is null ? 0 : 1) + (value.UserTypeBytes.IsEmpty ? 0 : 1));
        if (isOwned) writer.String("seq"u8).Integer(value.Sequence).String("owner"u8).Binary(value.Owner.Span);
        if (recipient is { } to) writer.String("to"u8).Hash(to);
        writer.String("type"u8).Integer(value.Type).String("data"u8).Binary(value.Data.Span);
        if (!value.UserTypeBytes.IsEmpty) writer.String("utype"u8).String(value.UserTypeBytes.Span);
    }

    /// <summary>Writes an id as 20 bytes of binary.</summary>
    public static MessagePackWriter Hash(this MessagePackWriter writer, InfoHash hash)
    {
        Span<byte> bytes = stackalloc byte[InfoHash.Size];
        hash.CopyTo(bytes);
        return writer.Binary(bytes);
    }

    /// <summary>Reads an id: binary of exactly 20 bytes.</summary>
    public static bool TryReadHash(ReadOnlySpan<byte> packed, out InfoHash hash)
    {
        hash = default;
        return new MessagePackReader(packed).TryReadBinary(out ReadOnlySpan<byte> bytes) && InfoHash.TryRead(bytes, out hash);
    }

    private static bool TryReadBody(ReadOnlySpan<byte> packed, ulong id, out DhtValue? value)
    {
        value = null;
        ReadOnlySpan<byte> sequence = default, owner = default, to = default, type = default, data = default, userType = default;
        MessagePackEntries entries = new(packed);
        while (entries.MoveNext())
        {
            if (entries.Key.SequenceEqual("seq"u8)) KeepFirst(ref sequence, entries.Value);
            else if (entries.Key.SequenceEqual("owner"u8)) KeepFirst(ref owner, entries.Value);
            else if (entries.Key.SequenceEqual("to"u8)) KeepFirst(ref to, entries.Value);
            else if (entries.Key.SequenceEqual("type"u8)) KeepFirst(ref type, entries.Value);
            else if (entries.Key.SequenceEqual("data"u8)) KeepFirst(ref data, entries.Value);
            else if (entries.Key.SequenceEqual("utype"u8)) KeepFirst(ref userType, entries.Value);
        }

        ReadOnlySpan<byte> userTypeBytes = default;
        if (entries.IsMalformed
            || !new MessagePackReader(type).TryReadUInt16(out ushort typeNumber)
            || !new MessagePackReader(data).TryReadBlob(out byte[] payload)
            || (!userType.IsEmpty && !new MessagePackReader(userType).TryReadBytes(out userTypeBytes)))
        {
            return false;
        }

        value = new DhtValue { Id = id, Type = typeNumber, Data = payload, UserTypeBytes = userTypeBytes.ToArray() };
        if (owner.IsEmpty) return true;

        InfoHash recipient = default;
        if (!new MessagePackReader(owner).TryReadBlob(out byte[] key)
            || !PublicKeyInfo.TryNormalize(key, out ReadOnlyMemory<byte> info)
            || !new MessagePackReader(sequence).TryReadUInt16(out ushort sequenceNumber)
            || (!to.IsEmpty && !TryReadHash(to, out recipient)))
        {
            value = null;
            return false;
        }

        value = value with { Owner = info, Sequence = sequenceNumber, Recipient = to.IsEmpty ? null : recipient };
        return true;
    }

    private static void KeepFirst(ref ReadOnlySpan<byte> field, ReadOnlySpan<byte> value)
    {
        if (field.IsEmpty) field = value;
    }
}
