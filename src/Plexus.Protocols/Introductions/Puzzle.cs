using System.Globalization;

namespace Plexus.Protocols.Introductions;

/// <summary>One side's half of the secret, 64 random bits. It never shows itself by accident.</summary>
/// <param name="value">The number.</param>
internal readonly struct Puzzle(ulong value) : IEquatable<Puzzle>
{
    /// <summary>The number itself, for the wire only.</summary>
    public ulong Value { get; } = value;

    public static bool operator ==(Puzzle left, Puzzle right) => left.Equals(right);

    public static bool operator !=(Puzzle left, Puzzle right) => !left.Equals(right);

    /// <summary>What both halves make together.</summary>
    public SharedSecret With(Puzzle other) => new(Value ^ other.Value);

    /// <summary>The number as text, for the wire only.</summary>
    public string ToDecimalText() => Value.ToString(CultureInfo.InvariantCulture);

    public bool Equals(Puzzle other) => Value == other.Value;

    public override bool Equals(object? obj) => obj is Puzzle other && Equals(other);

    public override int GetHashCode() => Value.GetHashCode();

    /// <summary>Three asterisks.</summary>
    public override string ToString() => "***";
}
