using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Passages;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Punch;
using Plexus.Protocols.Stun;
using Plexus.Rendezvous;

namespace Plexus.Punching;

/// <summary>Opens both NATs with the socket of one attempt.</summary>
/// <param name="role">Our part.</param>
/// <param name="host">Who we are.</param>
/// <param name="peer">Who is at the other end.</param>
/// <param name="socket">The explored socket. It stays the caller's until there is a passage.</param>
/// <param name="ours">What we told of ourselves.</param>
internal sealed class Puncher(
    PunchRole role,
    Identity host,
    Identity peer,
    ExploredSocket socket,
    Introduction ours,
    PlexusHostOptions options,
    TimeProvider clock,
    ILogger logger)
{
    private readonly PunchRace _race = new();
    private readonly List<(PunchHandshake Handshake, Introduction Theirs)> _introduced = []; // As many as answers come.
    private readonly long _start = clock.GetTimestamp();

    private string RoleName => role == PunchRole.Inviter ? Roles.Inviter : Roles.Acceptor;

    /// <summary>Takes an introduction of the peer. Any number may come, before and while the punching runs; the first that opens wins.</summary>
    /// <exception cref="PlexusException">It names an endpoint that no datagram can be sent to.</exception>
    public void Add(Introduction theirs)
    {
        CheckEndPoint(theirs.EndPoint);
        TimeSpan left = options.PunchTimeout - clock.GetElapsedTime(_start);
        if (left <= TimeSpan.Zero) return;
        SharedSecret secret = new Puzzle(ours.Puzzle).With(new Puzzle(theirs.Puzzle));
        PunchPlan plan = new(role, theirs.EndPoint, secret)
        {
            Hops = (byte)options.PunchHops,
            Limit = left,
            FullKnocksAfter = Quiet(socket.Behavior.Mapping),
        };
        lock (_race)
        {
            PunchHandshake handshake = new(plan, Random, socket.Pump.Now);
            if (!_race.TryAdd(handshake)) return;
            _introduced.Add((handshake, theirs));
        }

        PunchingLog.Punching(logger, theirs.EndPoint, peer.Name, RoleName);
        socket.Pump.Wake();
    }

    /// <summary>Punches until both directions are proved.</summary>
    /// <exception cref="PlexusException">The peer stayed silent.</exception>
    public async Task<Passage> PunchAsync(CancellationToken cancellationToken)
    {
        using StageTimer stage = new(PlexusStage.Punching, RoleName, clock);
        await socket.StopExploringAsync();
        await socket.Pump.RunAsync(_race, static race => race.Winner is not null || race.HasExpired, cancellationToken);
        PunchStatistics statistics = _race.Statistics;
        if (_race.Winner is not { } handshake) throw Silence(statistics);
        if (!handshake.Peer.Equals(handshake.Plan.Peer))
            PunchingLog.PeerReflexive(logger, peer.Name, handshake.Peer, handshake.Plan.Peer);
        PunchingLog.Punched(logger, stage.Milliseconds, statistics.Sent, statistics.Heard, Foreign(statistics));
        Introduction theirs = _introduced.Find(one => one.Handshake == handshake).Theirs;
        PassageTicket ticket = new()
        {
            Host = host.Name,
            Peer = peer.Name,
            Inner = socket.Inner,
            Outer = ours.EndPoint,
            PeerEndPoint = handshake.Peer,
            Secret = handshake.Plan.Secret.Value,
            PeerCapabilities = theirs.Capabilities,
            AgreedCapabilities = theirs.Capabilities & ours.Capabilities,
        };
        return new Passage(socket, handshake, ticket, host, peer, clock, logger);
    }

    // The peer signed it, and yet it must not make us send to where no peer can be.
    private void CheckEndPoint(IPEndPoint theirs)
    {
        IPAddress address = theirs.Address;
        bool broadcastOrMulticast = address.AddressFamily == AddressFamily.InterNetwork
            ? address.GetAddressBytes()[0] >= 224
            : address.IsIPv6Multicast;
        string? wrong =
            address.AddressFamily != ours.EndPoint.AddressFamily ? "is of another address family than ours"
            : theirs.Port == 0 ? "has no port"
            : address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? "has no address"
            : broadcastOrMulticast ? "is no single machine's"
            : IPAddress.IsLoopback(address) && !IPAddress.IsLoopback(ours.EndPoint.Address) ? "is its own loopback"
            : null;
        if (wrong is not null)
            throw new PlexusException(PlexusStage.Punching, $"{peer} told the endpoint {theirs}, which {wrong}; check the STUN servers it uses.");
    }

    /// <summary>How long an acceptor keeps its frames from arriving, since an early datagram hurts some NATs of the inviter's.</summary>
    private static TimeSpan Quiet(NatDependency mapping) => mapping switch
    {
        // The inviter knows where to knock: it only has to come, and may come late over a slow rendezvous.
        NatDependency.EndpointIndependent => TimeSpan.FromSeconds(4),
        NatDependency.Unknown => TimeSpan.FromSeconds(1),
        // Our frames come from a port that no one could tell it: it must hear one of them to answer.
        _ => TimeSpan.FromMilliseconds(300),
    };

    private static int Foreign(PunchStatistics statistics) => statistics.Junk + statistics.Strangers;

    private static ulong Random() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    private PlexusException Silence(PunchStatistics statistics) => new(
        PlexusStage.Punching,
        $"Nothing of {peer} arrived within {options.PunchTimeout.TotalSeconds:0} s "
        + $"({statistics.Sent} datagrams sent, {statistics.Heard} heard, {Foreign(statistics)} foreign ones): "
        + "a firewall drops UDP, or a NAT gives each destination another port (`plexus explore` on both machines tells), "
        + "or the two are so near that the acceptor needs --punch-hops=3.");
}
