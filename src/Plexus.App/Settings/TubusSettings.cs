using System.Globalization;
using Plexus.Protocols.Tubus;

namespace Plexus.App.Settings;

/// <summary>What the variables of the original's tubus 1.2 change; docs/wormhole.md.</summary>
/// <remarks>They count where this program carries the stream itself. One that is not set leaves our own default, which is mostly more.</remarks>
internal sealed class TubusSettings
{
    /// <summary>How much longer than the time between two pings a peer may be silent, as in the original.</summary>
    private static readonly TimeSpan PingGrace = TimeSpan.FromSeconds(5);

    private const int Day = 86_400; // seconds
    private const int Hour = 3_600_000; // milliseconds
    private const int SmallestDatagram = 1_200; // The least that is tried at all, RFC 9000 section 14.
    private const int LargestDatagram = 65_507;
    private const int MostFlight = 1_000_000; // More than the largest send buffer has.
    private const int MostAttempts = 255; // The original counts with 8 bits.
    private const int SmallestBuffer = 64 << 10;
    private const int LargestBuffer = 1 << 30;

    private static readonly Variable[] All =
    [
        new("TUBUS_MAX_PACKET_SIZE", SmallestDatagram, LargestDatagram, "bytes", static (options, value) => options with { LargestDatagram = value }),
        new("TUBUS_PING_TIMEOUT", 1, Day, "seconds", static (options, value) => options with
        {
            PingInterval = TimeSpan.FromSeconds(value), SilenceLimit = TimeSpan.FromSeconds(value) + PingGrace,
        }),
        new("TUBUS_SHUTDOWN_TIMEOUT", 1, Hour, "milliseconds", static (options, value) => options with { ShutdownTimeout = TimeSpan.FromMilliseconds(value) }),
        new("TUBUS_CONNECT_TIMEOUT", 1, Day, "seconds", static (options, value) => options with { ConnectTimeout = TimeSpan.FromSeconds(value) }),
        new("TUBUS_ACCEPT_TIMEOUT", 1, Day, "seconds", static (options, value) => options with { AcceptTimeout = TimeSpan.FromSeconds(value) }),
        new("TUBUS_SNIPPET_FLIGHT", 1, MostFlight, "datagrams", static (options, value) => options with { FlightLimit = value }),
        new("TUBUS_MOVE_ATTEMPTS", 1, MostAttempts, "attempts", static (options, value) => options with { MoveAttempts = value }),
        new("TUBUS_RECEIVE_BUFFER_SIZE", SmallestBuffer, LargestBuffer, "bytes", static (options, value) => options with
        {
            ReceiveBuffer = value, InitialReceiveBuffer = Math.Min(value, options.InitialReceiveBuffer),
        }),
        new("TUBUS_SEND_BUFFER_SIZE", SmallestBuffer, LargestBuffer, "bytes", static (options, value) => options with
        {
            SendBuffer = value, UnsentLimit = Math.Min(value, options.UnsentLimit),
        }),
    ];

    private readonly List<(Variable Variable, int Value)> _set = [];

    private TubusSettings() { }

    /// <summary>The names, for the manual's test.</summary>
    public static IEnumerable<string> Names => All.Select(variable => variable.Name);

    /// <param name="read">Gives a variable's text, or null.</param>
    /// <exception cref="PlexusException">A variable's value is not allowed.</exception>
    public static TubusSettings Read(Func<string, string?> read)
    {
        TubusSettings settings = new();
        foreach (Variable variable in All)
        {
            if (read(variable.Name) is not { Length: > 0 } text) continue;
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value < variable.Least || value > variable.Most)
            {
                string shown = string.Concat(text.Select(static c => char.IsControl(c) ? '?' : c));
                throw GivenOptions.Wrong($"The variable {variable.Name}: '{shown}' is not allowed; allowed are {variable.Least} to {variable.Most} {variable.Unit}.");
            }

            settings._set.Add((variable, value));
        }

        return settings;
    }

    /// <summary>The options, changed by the variables that are set.</summary>
    public TubusOptions Tune(TubusOptions options) =>
        _set.Aggregate(options, static (changed, one) => one.Variable.Change(changed, one.Value));

    private sealed record Variable(string Name, int Least, int Most, string Unit, Func<TubusOptions, int, TubusOptions> Change);
}
