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

/// <summary>Opens both NATs with the socket of an attempt.</summary>
internal sealed class Puncher(Identity host, PlexusHostOptions options, TimeProvider clock, ILogger logger)
{
    /// <summary>Punches until both directions are proved.</summary>
    /// <exception cref="PlexusException">The peer stayed silent, or told an endpoint that no datagram can be sent to.</exception>
    public async Task<Passage> PunchAsync(
        PunchRole role, Identity peer, ExploredSocket socket, Introduction ours, Introduction theirs, CancellationToken cancellationToken)
    {
        string roleName = role == PunchRole.Inviter ? Roles.Inviter : Roles.Acceptor;
        using StageTimer stage = new(PlexusStage.Punching, roleName, clock);
        CheckEndPoint(peer, theirs.EndPoint, ours.EndPoint);
        await socket.StopExploringAsync();
        SharedSecret secret = new Puzzle(ours.Puzzle).With(new Puzzle(theirs.Puzzle));
        PunchHandshake handshake = new(
            new PunchPlan(role, theirs.EndPoint, secret)
            {
                Hops = (byte)options.PunchHops,
                Limit = options.PunchTimeout,
                FullKnocksAfter = Quiet(socket.Behavior.Mapping),
            },
            static () => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
            socket.Pump.Now);
        PunchingLog.Punching(logger, theirs.EndPoint, peer.Name, roleName);
        await socket.Pump.RunAsync(handshake, static h => h.State is PunchState.Open or PunchState.Expired, cancellationToken);
        if (handshake.State == PunchState.Expired) throw Silence(peer, theirs.EndPoint, handshake);
        if (!handshake.Peer.Equals(theirs.EndPoint)) PunchingLog.PeerReflexive(logger, peer.Name, handshake.Peer, theirs.EndPoint);
        PunchingLog.Punched(logger, stage.Milliseconds, handshake.Statistics.Sent, handshake.Statistics.Heard, Foreign(handshake));
        return new Passage(socket, handshake, new PassageTicket
        {
            Host = host.Name,
            Peer = peer.Name,
            Inner = socket.Inner,
            Outer = ours.EndPoint,
            PeerEndPoint = handshake.Peer,
            Secret = secret.Value,
        });
    }

    // The peer signed it, and yet it must not make us send to where no peer can be.
    private static void CheckEndPoint(Identity peer, IPEndPoint theirs, IPEndPoint ours)
    {
        IPAddress address = theirs.Address;
        bool broadcastOrMulticast = address.AddressFamily == AddressFamily.InterNetwork
            ? address.GetAddressBytes()[0] >= 224
            : address.IsIPv6Multicast;
        string? wrong =
            address.AddressFamily != ours.AddressFamily ? "is of another address family than ours"
            : theirs.Port == 0 ? "has no port"
            : address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? "has no address"
            : broadcastOrMulticast ? "is no single machine's"
            : IPAddress.IsLoopback(address) && !IPAddress.IsLoopback(ours.Address) ? "is its own loopback"
            : null;
        if (wrong is not null)
            throw new PlexusException(PlexusStage.Punching, $"{peer} told the endpoint {theirs}, which {wrong}; check the STUN servers it uses.");
    }

    private PlexusException Silence(Identity peer, IPEndPoint endPoint, PunchHandshake handshake) => new(
        PlexusStage.Punching,
        $"Nothing of {peer} arrived from {endPoint} within {options.PunchTimeout.TotalSeconds:0} s "
        + $"({handshake.Statistics.Sent} datagrams sent, {handshake.Statistics.Heard} heard, {Foreign(handshake)} foreign ones): "
        + "a firewall drops UDP, or a NAT gives each destination another port; `plexus explore` on both machines tells.");

    /// <summary>How long an acceptor keeps its frames from arriving, since an early datagram hurts some NATs of the inviter's.</summary>
    private static TimeSpan Quiet(NatDependency mapping) => mapping switch
    {
        // The inviter knows where to knock: it only has to come, and may come late over a slow rendezvous.
        NatDependency.EndpointIndependent => TimeSpan.FromSeconds(4),
        NatDependency.Unknown => TimeSpan.FromSeconds(1),
        // Our frames come from a port that no one could tell it: it must hear one of them to answer.
        _ => TimeSpan.FromMilliseconds(300),
    };

    private static int Foreign(PunchHandshake handshake) => handshake.Statistics.Junk + handshake.Statistics.Strangers;
}
