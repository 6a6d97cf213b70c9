using System.Net;
using Plexus.Identities;

namespace Plexus.Passages;

/// <summary>What a program needs to take a passage over: both ends' addresses, the secret, and who they are.</summary>
public sealed class PassageTicket
{
    /// <summary>Our own identity.</summary>
    public required IdentityName Host { get; init; }

    /// <summary>Who is at the other end.</summary>
    public required IdentityName Peer { get; init; }

    /// <summary>The local endpoint of the passage: the address as bound, which is the any-address unless one was chosen.</summary>
    public required IPEndPoint Inner { get; init; }

    /// <summary>Our endpoint as the world sees it.</summary>
    public required IPEndPoint Outer { get; init; }

    /// <summary>The peer's endpoint, proved by the handshake.</summary>
    public required IPEndPoint PeerEndPoint { get; init; }

    /// <summary>The number that only both ends know: the exclusive or of both puzzles.</summary>
    public required ulong Secret { get; init; }

    /// <summary>What the peer's payload can speak, as it announced under its signature.</summary>
    /// <value>The default is <see cref="PassageCapabilities.None"/>, which is also what an original's introduction gives.</value>
    public PassageCapabilities PeerCapabilities { get; init; }

    /// <summary>What both ends can speak. Both come to the same.</summary>
    public PassageCapabilities AgreedCapabilities { get; init; }

    /// <summary>Both ends, without the secret.</summary>
    public override string ToString() => $"{Host} {Inner} ({Outer}) <-> {Peer} {PeerEndPoint}";
}
