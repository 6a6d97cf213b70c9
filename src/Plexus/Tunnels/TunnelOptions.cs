using Plexus.Protocols.Wormhole;
using Plexus.Streams;

namespace Plexus.Tunnels;

/// <summary>What a tunnel offers and what it may cost. Everything is checked before any work begins.</summary>
public sealed record TunnelOptions
{
    /// <summary>Services that the peer's clients may reach through us.</summary>
    public IReadOnlyList<TunnelService> Exports { get; init; } = [];

    /// <summary>Services of the peer that are offered to clients of this machine.</summary>
    public IReadOnlyList<TunnelService> Imports { get; init; } = [];

    /// <summary>Whether a peer whose program cannot encrypt is served all the same: the original's, for one.</summary>
    /// <value>The default is false: such a tunnel is not opened.</value>
    public bool AllowUnencrypted { get; init; }

    /// <summary>How many connections may be open at once. More clients wait; more of the peer's are refused.</summary>
    /// <value>1 to 65,536. The default is 1,024.</value>
    public int MaximumConnections { get; init; } = 1024;

    /// <summary>How long an exported service may take to accept a connection.</summary>
    /// <value>1 second to 10 minutes. The default is 10 seconds.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// With a peer that runs the original: after a client has sent its last, how long the answer may pause before both directions are closed.
    /// Its framing cannot close one of them.
    /// </summary>
    /// <value>0 to 1 hour. The default is 10 seconds; 0 closes at once, as the original does.</value>
    public TimeSpan HalfCloseQuiet { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long without a datagram a UDP flow is forgotten.</summary>
    /// <value>1 second to 1 day. The default is 2 minutes, the least that RFC 4787 wants of a NAT.</value>
    public TimeSpan UdpIdle { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Changes the stream below, as a program of our own does for its environment variables.</summary>
    internal Func<PlexusStreamOptions, PlexusStreamOptions>? Tune { get; init; }

    internal MultiplexerLimits Limits => new() { Connections = MaximumConnections, HalfCloseQuiet = HalfCloseQuiet };

    /// <summary>What it does, for the log.</summary>
    internal string Describe()
    {
        (string Verb, IReadOnlyList<TunnelService> Services)[] both = [("exports", Exports), ("imports", Imports)];
        return string.Join("; ", both.Where(one => one.Services.Count > 0).Select(one => $"{one.Verb} {string.Join(", ", one.Services)}"));
    }

    /// <summary>Checks every value.</summary>
    /// <exception cref="PlexusException">A value is out of its range; the message names it.</exception>
    internal void Validate()
    {
        Require(Exports.Count + Imports.Count > 0, "A tunnel needs something to export or to import");
        Require(Exports.Count <= TunnelHello.MostServices, $"More than {TunnelHello.MostServices} services are exported");
        foreach (IGrouping<(string Name, TunnelProtocol Protocol), TunnelService> same in Exports.GroupBy(service => (service.Name, service.Protocol)))
        {
            Require(
                same.Count() == 1,
                same.Key.Name.Length == 0
                    ? $"{same.First()} and {same.Last()} are exported without names; give them names, as in web={same.Last()}"
                    : $"Two exported services are called '{same.Key.Name}'");
        }

        Require(MaximumConnections is >= 1 and <= 65_536, $"{nameof(MaximumConnections)} is {MaximumConnections}, but must be 1 to 65,536");
        RequireTime(ConnectTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), nameof(ConnectTimeout));
        RequireTime(HalfCloseQuiet, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(HalfCloseQuiet));
        RequireTime(UdpIdle, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), nameof(UdpIdle));
    }

    /// <summary>Checks what the classic framing can carry.</summary>
    /// <exception cref="PlexusException">It is more than one TCP service.</exception>
    internal void RequireClassic(string peer) => Require(
        Exports.Count + Imports.Count == 1 && Exports.Concat(Imports).All(service => service.Protocol == TunnelProtocol.Tcp),
        $"{peer} runs the original, or a command: with it a tunnel has one TCP service, exported or imported");

    private static void RequireTime(TimeSpan value, TimeSpan least, TimeSpan most, string name) =>
        Require(value >= least && value <= most, $"{name} is {value}, but must be {least} to {most}");

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new PlexusException(PlexusStage.Settings, otherwise + ".");
    }
}
