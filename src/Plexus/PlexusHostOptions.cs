using System.Net;
using Plexus.Sockets;

namespace Plexus;

/// <summary>How a host explores its network and punches. Everything is checked before any work begins.</summary>
public sealed record PlexusHostOptions
{
    /// <summary>The local endpoint that is explored, punched and handed to the payload; its address chooses the family.</summary>
    /// <value>
    /// The default is <c>0.0.0.0:0</c>: any address, a free port for each attempt. A port other than 0 serves one
    /// attempt at a time.
    /// </value>
    public IPEndPoint LocalEndPoint { get; init; } = new(IPAddress.Any, 0);

    /// <summary>The STUN servers, which are asked at once. One answer is enough.</summary>
    /// <value>The default is <see cref="Exploration.StunServers.Default"/>, a few public ones.</value>
    public IReadOnlyList<EndpointName> StunServers { get; init; } = Exploration.StunServers.Default;

    /// <summary>
    /// Time-to-live of the first punching datagrams, in hops. They must leave our own NAT and die before the peer's,
    /// because some NATs drop a mapping when an unexpected datagram arrives.
    /// </summary>
    /// <value>1 to 255. The default is 7.</value>
    public int PunchHops { get; init; } = 7;

    /// <summary>How long the punching may take.</summary>
    /// <value>1 second to 1 hour. The default is 60 seconds.</value>
    public TimeSpan PunchTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How many invitations an acceptor serves at once; more wait for their turn. As many open passages wait for whoever enumerates them.
    /// </summary>
    /// <value>1 to 1,024. The default is 64.</value>
    public int MaximumAttempts { get; init; } = 64;

    /// <summary>What the payload can speak, which is announced to the peer. What the peer announces, too, is agreed.</summary>
    /// <value>
    /// The default is all that this library speaks. A program that gives its passages to a launched command announces
    /// <see cref="PassageCapabilities.None"/>.
    /// </value>
    public PassageCapabilities Capabilities { get; init; } = PassageCapabilities.SecureStreams | PassageCapabilities.Multiplexing;

    /// <summary>
    /// A folder for what is learned about peers: who has this program, so that nobody can pass it off as the original, which cannot
    /// encrypt.
    /// </summary>
    /// <value>The default is null, which forgets it with the host.</value>
    public string? StateFolder { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="PlexusException">A value is out of its range; the message names it.</exception>
    internal void Validate()
    {
        Require(PunchHops is >= 1 and <= 255, $"{nameof(PunchHops)} is {PunchHops}, but must be 1 to 255");
        Require(
            PunchTimeout >= TimeSpan.FromSeconds(1) && PunchTimeout <= TimeSpan.FromHours(1),
            $"{nameof(PunchTimeout)} is {PunchTimeout}, but must be 1 second to 1 hour");
        Require(
            MaximumAttempts is >= 1 and <= 1024, $"{nameof(MaximumAttempts)} is {MaximumAttempts}, but must be 1 to 1,024");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new PlexusException(PlexusStage.Settings, otherwise + ".");
    }
}
