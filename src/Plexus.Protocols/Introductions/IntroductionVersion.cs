namespace Plexus.Protocols.Introductions;

/// <summary>The form of an introduction's text.</summary>
internal enum IntroductionVersion
{
    /// <summary>One endpoint and the puzzle: all that releases before 3.3 know.</summary>
    V30,

    /// <summary>UDP and TCP endpoints, the NATs in front of them, and what is wished for.</summary>
    V33,

    /// <summary>The same with relays.</summary>
    V34,
}
