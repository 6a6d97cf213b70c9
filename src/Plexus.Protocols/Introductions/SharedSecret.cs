using System.Globalization;

namespace Plexus.Protocols.Introductions;

/// <summary>The number that only both ends know: the exclusive or of both puzzles. It never shows itself by accident.</summary>
/// <param name="value">The number.</param>
internal readonly struct SharedSecret(ulong value) : IEquatable<SharedSecret>
{
    /// <summary>The number itself: the mask of the handshake and of tubus.</summary>
    public ulong Value { get; } = value;

    public static bool operator ==(SharedSecret left, SharedSecret right) => left.Equals(right);

    public static bool operator !=(SharedSecret left, SharedSecret right) => !left.Equals(right);

    /// <summary>The number as text: the wildcard <c>%secret%</c> of a command.</summary>
    public string ToDecimalText() => Value.ToString(CultureInfo.InvariantCulture);

    public bool Equals(SharedSecret other) => Value == other.Value;

    public override bool Equals(object? obj) => obj is SharedSecret other && Equals(other);

    public override int GetHashCode() => Value.GetHashCode();

    /// <summary>Three asterisks.</summary>
    public override string ToString() => "***";
}
