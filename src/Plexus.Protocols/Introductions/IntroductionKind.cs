namespace Plexus.Protocols.Introductions;

/// <summary>What an introduction is sent for; the numbers are on the wire, inside the binding.</summary>
internal enum IntroductionKind
{
    Invitation = 0,
    Answer = 1,
    Advent = 2,
}
