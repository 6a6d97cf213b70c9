using System.Net;
using Plexus.Protocols.Stun;

namespace Plexus.Exploration;

/// <summary>What an exploration found out about the NATs between a local endpoint and the world.</summary>
/// <param name="Inner">The local endpoint, with the address that datagrams to the servers leave from.</param>
/// <param name="Outer">The endpoint that the world sees.</param>
/// <param name="Behavior">How the NATs behave, in the words of RFC 4787.</param>
/// <param name="Servers">What each server said.</param>
public sealed record NatReport(
    IPEndPoint Inner, IPEndPoint Outer, NatBehavior Behavior, IReadOnlyList<ServerReport> Servers)
{
    /// <summary>The eight characters by which introductions carry the behaviour.</summary>
    public string Bits => Behavior.ToBits();

    /// <summary>What it means for connecting, in a sentence or two for the user.</summary>
    public string Summary => Behavior switch
    {
        { BehindNat: false, Filtering: NatDependency.EndpointIndependent } =>
            "No NAT and no firewall: every peer can connect.",
        { BehindNat: false } =>
            "No NAT, but maybe a firewall: peers can connect, except those whose own NAT gives each destination another port.",
        { AddressVaries: true } =>
            "The NAT gives each destination another address: connecting works only to peers without a strict NAT or firewall.",
        { Mapping: NatDependency.Unknown } =>
            "There is a NAT; one server alone cannot tell its kind. Most peers can probably connect. Name a second server to be sure.",
        { Mapping: NatDependency.EndpointIndependent, Filtering: NatDependency.EndpointIndependent } =>
            "An open NAT: every peer can connect.",
        { Mapping: NatDependency.EndpointIndependent } =>
            "A friendly NAT: peers can connect, except those whose own NAT gives each destination another port.",
        _ =>
            "A strict NAT that gives each destination another port: connecting works only to peers with no NAT, or an open one.",
    };
}
