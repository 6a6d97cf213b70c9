using System.Net;

namespace Plexus.Lab.Namespaces;

/// <summary>Two hosts with a delayed line between them and nothing else.</summary>
internal sealed class DelayedPair : IDisposable
{
    /// <summary>The address of the left host.</summary>
    public static readonly IPAddress LeftAddress = IPAddress.Parse("10.77.0.1");

    /// <summary>The address of the right host.</summary>
    public static readonly IPAddress RightAddress = IPAddress.Parse("10.77.0.2");

    /// <summary>The left host's address of IP version 6.</summary>
    public static readonly IPAddress LeftAddress6 = IPAddress.Parse("fd77::1");

    /// <summary>The right host's address of IP version 6.</summary>
    public static readonly IPAddress RightAddress6 = IPAddress.Parse("fd77::2");

    /// <exception cref="InvalidOperationException">Namespaces or TUN devices are not to be had.</exception>
    public DelayedPair(DelayLineOptions options)
    {
        Left = NetworkNamespace.Create("left");
        Right = NetworkNamespace.Create("right");
        try
        {
            Line = DelayLine.Start(Left, "line", Right, "line", options);
            Join(Left, LeftAddress, RightAddress, LeftAddress6, RightAddress6);
            Join(Right, RightAddress, LeftAddress, RightAddress6, LeftAddress6);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NetworkNamespace Left { get; }

    public NetworkNamespace Right { get; }

    public DelayLine? Line { get; }

    public void Dispose()
    {
        Line?.Dispose();
        Left.Dispose();
        Right.Dispose();
    }

    private static void Join(NetworkNamespace host, IPAddress own, IPAddress other, IPAddress own6, IPAddress other6) => host.Ip(
        "link set line up", $"address add {own} peer {other} dev line", $"address add {own6} peer {other6} dev line nodad");
}
