using System.Net;
using System.Security.Cryptography;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>How a node of the OpenDHT network runs.</summary>
internal sealed record DhtNodeOptions
{
    /// <summary>OpenDHT's port, for our own node and for bootstrap hosts without one.</summary>
    public const int DefaultPort = 4222;

    /// <summary>A host that the OpenDHT project runs for everybody.</summary>
    public static EndpointName PublicBootstrap { get; } = new("bootstrap.jami.net", DefaultPort);

    /// <summary>The local UDP port, 0 to 65,535, in both families; 0 is any. The default is 4222.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Whether a busy port is replaced by any free one, with a line in the log. The default is false.</summary>
    public bool FallsBackToAnyPort { get; init; }

    /// <summary>The local addresses, at most one of each family. The default is any address of both; IPv6 may be missing.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [IPAddress.Any, IPAddress.IPv6Any];

    /// <summary>The hosts to begin with, all asked at once; none makes the first node of a network.</summary>
    public IReadOnlyList<EndpointName> Bootstrap { get; init; } = [PublicBootstrap];

    /// <summary>The number of the network; 0, the default, is the public one.</summary>
    public uint Network { get; init; }

    /// <summary>Asks others to keep us out of their tables: for short runs. The default is false.</summary>
    public bool IsClient { get; init; }

    /// <summary>Be a client in a family in which we seem to be behind a NAT, where nobody could reach us anyway. The default is false.</summary>
    public bool IsClientBehindNat { get; init; }

    /// <summary>Where the id and the nodes we know are kept between runs; null keeps nothing.</summary>
    public string? StateFile { get; init; }

    /// <summary>The source of ids, tokens and jitter: cryptographic, but for scenarios that must be the same each time.</summary>
    public Action<Span<byte>> FillWithRandom { get; init; } = RandomNumberGenerator.Fill;
}
