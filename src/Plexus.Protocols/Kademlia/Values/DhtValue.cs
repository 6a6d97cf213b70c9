using System.Text;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Values;

/// <summary>A value of the table: plain, signed, or encrypted.</summary>
/// <remarks>
/// docs/protocols/opendht.md, "Values". Immutable; copy it with <c>with</c>. Two values are equal when id and content
/// are, as storage nodes compare them: the cipher if there is one, else owner, type, data, user type and signature.
/// </remarks>
internal sealed record DhtValue
{
    /// <summary>65,536 bytes: the greatest <see cref="Size"/> that nodes store.</summary>
    public const int MaxSize = 65_536;

    /// <summary>65,568 bytes: the longest MessagePack form that nodes take.</summary>
    public const int MaxPackedSize = MaxSize + 32;

    /// <summary>The name under its key. 0 is not valid on the wire.</summary>
    public required ulong Id { get; init; }

    /// <summary>0 is user data; others choose lifetime and rules of storage (<see cref="DhtValueType"/>).</summary>
    public ushort Type { get; init; }

    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>A free user type such as <c>text/plain</c>, as it was written, which may not be UTF-8.</summary>
    public ReadOnlyMemory<byte> UserTypeBytes { get; init; }

    /// <summary>The free user type as a text.</summary>
    public string UserType
    {
        get => Encoding.UTF8.GetString(UserTypeBytes.Span);
        init => UserTypeBytes = Encoding.UTF8.GetBytes(value);
    }

    /// <summary>The public key that is said to have signed (DER SubjectPublicKeyInfo); empty without one.</summary>
    public ReadOnlyMemory<byte> Owner
    {
        get;
        init
        {
            field = value;
            OwnerId = value.IsEmpty ? null : InfoHash.Of(value.Span);
        }
    }

    /// <summary>The id of the owner's key: the SHA-1 of <see cref="Owner"/>. Proved only by the signature.</summary>
    public InfoHash? OwnerId { get; private init; }

    /// <summary>The id of the key that the value is meant for; only with an owner.</summary>
    public InfoHash? Recipient { get; init; }

    /// <summary>The sequence number, which decides between edits; only with an owner.</summary>
    public ushort Sequence { get; init; }

    /// <summary>RSA PKCS#1 v1.5 over SHA-512 of the canonical body; empty in plain values.</summary>
    public ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>The encrypted body and signature; empty in plain and signed values.</summary>
    public ReadOnlyMemory<byte> Cipher { get; init; }

    /// <summary>A hint for push notifications: 0 high, 1 normal.</summary>
    public uint Priority { get; init; }

    /// <summary>A hint for push notifications; empty in most values.</summary>
    public ReadOnlyMemory<byte> PushType { get; init; }

    public bool IsEncrypted => !Cipher.IsEmpty;

    /// <summary>Whether it has an owner and a signature. Says nothing about the signature being right.</summary>
    public bool IsSigned => !IsEncrypted && !Owner.IsEmpty && !Signature.IsEmpty;

    /// <summary>The size that limits and quotas count, in bytes.</summary>
    public int Size => Cipher.Length + Data.Length + Signature.Length + UserTypeBytes.Length + PushType.Length;

    /// <summary>Reads one packed value; bytes behind it are ignored.</summary>
    public static bool TryUnpack(ReadOnlySpan<byte> packed, out DhtValue? value) => DhtValueCodec.TryRead(packed, out value);

    /// <summary>The value in its canonical MessagePack form.</summary>
    public byte[] Pack()
    {
        MessagePackWriter writer = new();
        DhtValueCodec.Write(writer, this);
        return writer.ToArray();
    }

    /// <summary>Whether both hold the same, whatever their ids.</summary>
    public bool HasSameContent(DhtValue other) => IsEncrypted || other.IsEncrypted
        ? Same(Cipher, other.Cipher)
        : Type == other.Type
            && Same(Owner, other.Owner)
            && Same(Data, other.Data)
            && Same(UserTypeBytes, other.UserTypeBytes)
            && Same(Signature, other.Signature);

    public bool Equals(DhtValue? other) => other is not null && Id == other.Id && HasSameContent(other);

    public override int GetHashCode() => Id.GetHashCode();

    public override string ToString() =>
        $"value {Id:x16}, {(IsEncrypted ? "encrypted" : IsSigned ? $"signed by {OwnerId}" : "plain")}, {Size} bytes";

    private static bool Same(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right) => left.Span.SequenceEqual(right.Span);
}
