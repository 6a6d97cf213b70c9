namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>Numbers that scatter what would else happen together. Anybody may guess them; the same seed gives the same ones.</summary>
/// <remarks>SplitMix64. The unguessable numbers of a channel would make each run of the laboratory another one.</remarks>
internal sealed class ScatteredNumbers(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
