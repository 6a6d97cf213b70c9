using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>One condition of a query: a field equals something.</summary>
internal readonly struct ValueCondition : IEquatable<ValueCondition>
{
    private readonly ulong _number;
    private readonly InfoHash _hash;
    private readonly ReadOnlyMemory<byte> _text;

    private ValueCondition(ValueField field, ulong number = 0, InfoHash hash = default, ReadOnlyMemory<byte> text = default)
    {
        Field = field;
        _number = number;
        _hash = hash;
        _text = text;
    }

    public ValueField Field { get; }

    /// <summary>The value id or type to be equal to.</summary>
    public ulong Number => _number;

    /// <summary>The id of the owner's key to be equal to.</summary>
    public InfoHash Hash => _hash;

    /// <summary>The user type to be equal to.</summary>
    public ReadOnlyMemory<byte> Text => _text;

    public static ValueCondition Id(ulong id) => new(ValueField.Id, number: id);

    public static ValueCondition Type(ushort type) => new(ValueField.Type, number: type);

    public static ValueCondition Owner(InfoHash keyId) => new(ValueField.Owner, hash: keyId);

    public static ValueCondition UserType(ReadOnlyMemory<byte> userType) => new(ValueField.UserType, text: userType);

    /// <summary>Whether a value meets the condition. Encrypted ones have type 0, no owner and no user type.</summary>
    public bool Matches(DhtValue value) => Field switch
    {
        ValueField.Id => value.Id == _number,
        ValueField.Type => value.Type == _number,
        ValueField.Owner => value.OwnerId == _hash,
        _ => value.UserTypeBytes.Span.SequenceEqual(_text.Span),
    };

    public bool Equals(ValueCondition other) =>
        Field == other.Field && _number == other._number && _hash == other._hash && _text.Span.SequenceEqual(other._text.Span);

    public override bool Equals(object? obj) => obj is ValueCondition other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Field, _number, _hash);
}
