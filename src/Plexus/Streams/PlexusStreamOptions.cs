using Plexus.Protocols.Tubus;

namespace Plexus.Streams;

/// <summary>How a stream opens, how long it endures, and what it may cost. Everything is checked before any work begins.</summary>
public sealed record PlexusStreamOptions
{
    private const int Kilobyte = 1_024;
    private const int Megabyte = 1_024 * Kilobyte;

    /// <summary>
    /// Whether a stream may go without encryption to a peer that cannot do better: the original, or a program that has announced
    /// nothing. Anybody on the path can then read and change it.
    /// </summary>
    /// <value>The default is false: such a stream does not open. A peer that can encrypt always does.</value>
    public bool AllowUnencrypted { get; init; }

    /// <summary>How long the opening may take, from the passage to the encrypted stream.</summary>
    /// <value>1 second to 1 hour. The default is 30 seconds.</value>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the peer may be silent before the stream fails. A quiet peer is asked for a sign of life each 15 seconds.</summary>
    /// <value>20 seconds to 7 days. The default is 2 minutes.</value>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long closing waits for the peer to take what was written, counted from its last progress.</summary>
    /// <value>0 to 1 hour. The default is 30 seconds.</value>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most that waits here for a reader, in bytes; the peer is then held up. Memory is used only as it is needed.</summary>
    /// <value>64 KiB to 1 GiB. The default is 64 MiB, enough for 640 MB/s at 100 ms.</value>
    public int ReceiveBuffer { get; init; } = 64 * Megabyte;

    /// <summary>The most that has been sent and not yet acknowledged, in bytes.</summary>
    /// <value>64 KiB to 1 GiB. The default is 64 MiB.</value>
    public int SendBuffer { get; init; } = 64 * Megabyte;

    /// <summary>Whether what waits for the stream goes on at once on the thread that receives. It must never block; for payloads of our own.</summary>
    internal bool CompletesInline { get; init; }

    /// <summary>Whether our side begins a stream without encryption; null is the inviter's side. An original's wormhole has rules of its own for it.</summary>
    internal bool? Connects { get; init; }

    /// <summary>Changes what these options do not name, as a program of our own does for its environment variables.</summary>
    internal Func<TubusOptions, TubusOptions>? Tune { get; init; }

    /// <summary>The options of the channel below.</summary>
    internal TubusOptions ToTubus()
    {
        TubusOptions options = new()
        {
            ConnectTimeout = 2 * OpenTimeout, // The opening as a whole gives up before.
            AcceptTimeout = 2 * OpenTimeout,
            SilenceLimit = SilenceLimit,
            FlushTimeout = CloseTimeout,
            ReceiveBuffer = ReceiveBuffer,
            SendBuffer = SendBuffer,
        };
        return Tune?.Invoke(options) ?? options;
    }

    /// <summary>Checks every value.</summary>
    /// <exception cref="PlexusException">A value is out of its range; the message names it.</exception>
    internal void Validate()
    {
        Require(nameof(OpenTimeout), OpenTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), "1 second to 1 hour");
        Require(nameof(SilenceLimit), SilenceLimit, TimeSpan.FromSeconds(20), TimeSpan.FromDays(7), "20 seconds to 7 days");
        Require(nameof(CloseTimeout), CloseTimeout, TimeSpan.Zero, TimeSpan.FromHours(1), "0 to 1 hour");
        Require(nameof(ReceiveBuffer), ReceiveBuffer, 64 * Kilobyte, 1_024 * Megabyte, "64 KiB to 1 GiB");
        Require(nameof(SendBuffer), SendBuffer, 64 * Kilobyte, 1_024 * Megabyte, "64 KiB to 1 GiB");
    }

    private static void Require<T>(string name, T value, T least, T most, string range)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            throw new PlexusException(PlexusStage.Settings, $"{name} is {value}, but must be {range}.");
    }
}
