using System.Net;
using Plexus.Identities;
using Plexus.Payloads;
using Plexus.Sockets;

namespace Plexus.App.Settings;

/// <summary>What the classic command line asks for, checked. Nothing reads options, files or variables after it.</summary>
internal sealed record ClassicSettings
{
    public required bool Accept { get; init; }

    public required string AppId { get; init; }

    public required string Repository { get; init; }

    /// <summary>Our own identity, a complete name.</summary>
    public required IdentityName Host { get; init; }

    /// <summary>The peer: a complete name for an inviter, a filter for an acceptor.</summary>
    public required IdentityName Peer { get; init; }

    /// <summary>The STUN servers; none means the built-in ones.</summary>
    public required IReadOnlyList<EndpointName> StunServers { get; init; }

    public required IPEndPoint StunClient { get; init; }

    public required int PunchHops { get; init; }

    public required IReadOnlyList<EndpointName> DhtBootstrap { get; init; }

    public required int DhtPort { get; init; }

    public required uint DhtNetwork { get; init; }

    /// <summary>Whether the rendezvous is the DHT; with <see cref="Email"/> it may be both.</summary>
    public required bool UsesDht { get; init; }

    /// <summary>The mail account of the rendezvous by e-mail; null without one.</summary>
    public required EmailSettings? Email { get; init; }

    /// <summary>What takes passages over; null with a tunnel.</summary>
    public required CommandOptions? Command { get; init; }

    /// <summary>What the tunnel offers; null with a command.</summary>
    public required TunnelSettings? Tunnel { get; init; }

    /// <summary>Whether an inviter waits for its command.</summary>
    public required bool WaitForCommand { get; init; }

    public required LogSettings Log { get; init; }

    public required EnvironmentSettings Environment { get; init; }
}
