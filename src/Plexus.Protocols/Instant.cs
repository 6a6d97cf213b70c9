namespace Plexus.Protocols;

/// <summary>A point in monotonic time, a type of its own so that neither a date nor a duration can slip in.</summary>
/// <param name="SinceStart">The time since the origin of the clock that made it. Only instants of one clock compare.</param>
internal readonly record struct Instant(TimeSpan SinceStart) : IComparable<Instant>
{
    public static Instant Zero => default;

    public static Instant operator +(Instant left, TimeSpan right) => new(left.SinceStart + right);

    public static Instant operator -(Instant left, TimeSpan right) => new(left.SinceStart - right);

    public static TimeSpan operator -(Instant left, Instant right) => left.SinceStart - right.SinceStart;

    public static bool operator <(Instant left, Instant right) => left.SinceStart < right.SinceStart;

    public static bool operator >(Instant left, Instant right) => left.SinceStart > right.SinceStart;

    public static bool operator <=(Instant left, Instant right) => left.SinceStart <= right.SinceStart;

    public static bool operator >=(Instant left, Instant right) => left.SinceStart >= right.SinceStart;

    /// <summary>The earlier of two deadlines, where null means "never".</summary>
    public static Instant? Earliest(Instant? left, Instant? right) =>
        left is null ? right : right is null || left <= right ? left : right;

    public int CompareTo(Instant other) => SinceStart.CompareTo(other.SinceStart);

    public override string ToString() => $"{SinceStart.TotalSeconds:0.000} s";
}
