using Plexus.Dht;
using Plexus.Sockets;

namespace Plexus.Rendezvous.Dht;

/// <summary>How the rendezvous over OpenDHT is reached and used. Everything is checked before any work begins.</summary>
public sealed record DhtRendezvousOptions
{
    /// <summary>OpenDHT's port, for our own node and for bootstrap hosts without one.</summary>
    public const int DefaultPort = DhtNodeOptions.DefaultPort;

    /// <summary>The application's name. Both sides must use the same.</summary>
    public required string AppId { get; init; }

    /// <summary>The hosts through which our node joins the network; all are asked at once.</summary>
    /// <value>The default is <c>bootstrap.jami.net:4222</c>.</value>
    public IReadOnlyList<EndpointName> Bootstrap { get; init; } = [DhtNodeOptions.PublicBootstrap];

    /// <summary>The local UDP port of our node. A busy one is replaced by any free one, with a line in the log.</summary>
    /// <value>0 to 65,535; 0 is any. The default is 4222.</value>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The number of the OpenDHT network. Nodes of other networks do not hear us.</summary>
    /// <value>The default is 0, the public one.</value>
    public uint Network { get; init; }

    /// <summary>How long an answer to an invitation may take.</summary>
    /// <value>1 second to 1 hour. The default is 60 seconds.</value>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long it may take until a node of the network has taken a value of ours.</summary>
    /// <value>1 second to 1 hour. The default is 20 seconds.</value>
    public TimeSpan PutTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The subject of invitations. Both sides must use the same.</summary>
    public string InviteToken { get; init; } = "invite";

    /// <summary>The subject of answers. Both sides must use the same.</summary>
    public string AcceptToken { get; init; } = "accept";

    /// <summary>The subject of advents. Both sides must use the same.</summary>
    public string AdventToken { get; init; } = "advent";

    /// <summary>A folder for what helps the next run: the nodes we know, and the last invitation's id. It may be lost at any time.</summary>
    /// <value>The default is null, which keeps nothing.</value>
    public string? StateFolder { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="PlexusException">A value is out of its range; the message names it.</exception>
    internal void Validate()
    {
        Require(AppId.Length > 0, $"{nameof(AppId)} is empty");
        Require(Port is >= 0 and <= ushort.MaxValue, $"{nameof(Port)} is {Port}, but must be 0 to 65535");
        RequireTime(ResponseTimeout, nameof(ResponseTimeout));
        RequireTime(PutTimeout, nameof(PutTimeout));
        Require(InviteToken.Length > 0 && AcceptToken.Length > 0 && AdventToken.Length > 0, "a subject token is empty");
        Require(
            InviteToken != AcceptToken && AcceptToken != AdventToken && InviteToken != AdventToken,
            "two of the subject tokens are the same");
    }

    private static void RequireTime(TimeSpan time, string name) => Require(
        time >= TimeSpan.FromSeconds(1) && time <= TimeSpan.FromHours(1), $"{name} is {time}, but must be 1 second to 1 hour");

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new PlexusException(PlexusStage.Settings, $"The rendezvous over the DHT cannot be used: {otherwise}.");
    }
}
