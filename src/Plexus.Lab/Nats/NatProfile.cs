using Plexus.Protocols.Stun;

namespace Plexus.Lab.Nats;

/// <summary>How a NAT behaves, in the words of RFC 4787.</summary>
/// <param name="Mapping">Which datagrams share an outer port.</param>
/// <param name="Filtering">Which datagrams come in.</param>
internal sealed record NatProfile(NatDependency Mapping, NatDependency Filtering)
{
    /// <summary>Lets everybody in: the friendliest.</summary>
    public static NatProfile FullCone { get; } = new(NatDependency.EndpointIndependent, NatDependency.EndpointIndependent);

    /// <summary>The commonest router at home.</summary>
    public static NatProfile PortRestricted { get; } =
        new(NatDependency.EndpointIndependent, NatDependency.AddressAndPortDependent) { Allocation = PortAllocation.Preserving };

    /// <summary>The worst: another port for each destination, and nobody else comes in through it.</summary>
    public static NatProfile Symmetric { get; } =
        new(NatDependency.AddressAndPortDependent, NatDependency.AddressAndPortDependent);

    public PortAllocation Allocation { get; init; } = PortAllocation.Random;

    /// <summary>The step of <see cref="PortAllocation.Sequential"/>.</summary>
    public int PortStep { get; init; } = 1;

    /// <summary>The size of a block of <see cref="PortAllocation.Block"/>.</summary>
    public int BlockSize { get; init; } = 1024;

    /// <summary>The outer ports, first and last.</summary>
    public (int First, int Last) Ports { get; init; } = (1024, 65_535);

    public AddressPooling Pooling { get; init; } = AddressPooling.Paired;

    public HairpinBehavior Hairpin { get; init; }

    public UnsolicitedReaction Unsolicited { get; init; }

    /// <summary>How long <see cref="UnsolicitedReaction.PoisonTuple"/> and <see cref="UnsolicitedReaction.BlockSource"/> last.</summary>
    public TimeSpan Grudge { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>When a mapping without traffic ends. RFC 4787 wants two minutes, REQ-5.</summary>
    public TimeSpan IdleLifetime { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>When a mapping ends, however busy it is; null is never.</summary>
    public TimeSpan? AbsoluteLifetime { get; init; }

    /// <summary>Whether incoming datagrams keep a mapping alive, too, REQ-6.</summary>
    public bool InboundRefreshes { get; init; } = true;

    /// <summary>The most mappings; with all in use, new ones are refused.</summary>
    public int Capacity { get; init; } = int.MaxValue;
}
