namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>The congestion controls to choose from.</summary>
internal enum CongestionAlgorithm
{
    /// <summary><see cref="BbrControl"/>: a model of the path's rate and round trip. Chance losses cost it nothing.</summary>
    Bbr,

    /// <summary><see cref="CubicControl"/>: what most TCPs do. Every loss counts as congestion.</summary>
    Cubic,
}
