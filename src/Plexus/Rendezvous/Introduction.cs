using System.Net;

namespace Plexus.Rendezvous;

/// <summary>What each side tells the other: where it can be reached, its half of the secret, and what it can speak.</summary>
/// <param name="EndPoint">The endpoint that the world sees of the socket which will be punched.</param>
/// <param name="Puzzle">A random number; both sides' puzzles together make the secret.</param>
public sealed record Introduction(IPEndPoint EndPoint, ulong Puzzle)
{
    /// <summary>What the sender's payload can speak.</summary>
    /// <value>The default is <see cref="PassageCapabilities.None"/>, which is also what an original's introduction gives.</value>
    public PassageCapabilities Capabilities { get; init; }

    /// <summary>Whether it came with our extension: an original's does not.</summary>
    internal bool IsExtended
    {
        get => field || Capabilities != PassageCapabilities.None;
        init;
    }

    /// <summary>The endpoint alone: the puzzle is half a secret.</summary>
    public override string ToString() => EndPoint.ToString();
}
