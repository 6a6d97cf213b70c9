namespace Plexus.Bench;

/// <summary>What is told of a series of measurements.</summary>
internal sealed class Figures(IEnumerable<double> values)
{
    private readonly double[] _sorted = [.. values.Order()];

    public int Count => _sorted.Length;

    public double Smallest => Part(0);

    public double Median => Part(0.5);

    public double Largest => Part(1);

    /// <summary>The value that this part of the others does not exceed (nearest rank).</summary>
    public double Part(double part) =>
        _sorted.Length == 0 ? double.NaN : _sorted[Math.Clamp((int)Math.Ceiling(part * _sorted.Length) - 1, 0, _sorted.Length - 1)];

    public override string ToString() =>
        $"median {Median:0.000}  p95 {Part(0.95):0.000}  least {Smallest:0.000}  most {Largest:0.000}  ({Count} values)";
}
