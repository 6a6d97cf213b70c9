using System.Net;
using Plexus.Sockets;

namespace Plexus.App.Settings;

/// <summary>What the command line of the stand-alone tunnel asks for, checked.</summary>
internal sealed record WormholeSettings
{
    /// <summary>Whether a service of this machine is exported; otherwise the peer's is imported.</summary>
    public required bool IsExporter { get; init; }

    /// <summary>The service, or where its clients come to.</summary>
    public required EndpointName Service { get; init; }

    public required IPEndPoint Gateway { get; init; }

    public required EndpointName Faraway { get; init; }

    /// <summary>Masks the datagrams; zero is none.</summary>
    public required ulong Secret { get; init; }

    /// <summary>Whether the secret stands on the command line.</summary>
    public required bool IsSecretOnShow { get; init; }

    public required LogSettings Log { get; init; }

    public required TubusSettings Tubus { get; init; }
}
