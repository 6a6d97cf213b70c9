using System.Globalization;
using Microsoft.Extensions.Logging;
using Plexus.Identities;
using Plexus.Tunnels;

namespace Plexus.App.Commands;

/// <summary>Shows how tunnels do: a line on a terminal that is drawn again and again, or a record in the log now and then.</summary>
internal sealed class TunnelStatus : IAsyncDisposable
{
    private const string ToLineStart = "\r\u001b[K"; // Clears the line; ECMA-48.

    private static readonly TimeSpan Redraw = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Record = TimeSpan.FromSeconds(30); // Often enough to see trouble, seldom enough for a log that is kept.

    private readonly Func<IReadOnlyList<(IdentityName Peer, TunnelReport Report)>> _reports;
    private readonly TextWriter? _terminal;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private string _shown = "";

    /// <param name="reports">Tells of the tunnels that are open.</param>
    /// <param name="logger">The log, where standard error is no terminal.</param>
    /// <param name="clock">The clock.</param>
    public TunnelStatus(Func<IReadOnlyList<(IdentityName Peer, TunnelReport Report)>> reports, ILogger logger, TimeProvider clock)
    {
        (_reports, _logger, _terminal) = (reports, logger, Console.IsErrorRedirected ? null : Console.Error);
        TimeSpan interval = _terminal is null ? Record : Redraw;
        _timer = clock.CreateTimer(_ => Show(), null, interval, interval);
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        if (_terminal is not null && _shown.Length > 0) await _terminal.WriteAsync(ToLineStart);
    }

    /// <summary>One line about all tunnels.</summary>
    internal static string Describe(IReadOnlyList<(IdentityName Peer, TunnelReport Report)> reports)
    {
        if (reports.Count == 0) return "no tunnel is open";
        TimeSpan? roundTrip = reports.Max(one => one.Report.RoundTrip);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(reports.Count == 1 ? reports[0].Peer.ToString() : $"{reports.Count} peers")}: {Count(reports.Sum(one => one.Report.Connections))}, ")
            + $"{Rate(reports.Sum(one => one.Report.SentPerSecond))} out, {Rate(reports.Sum(one => one.Report.ReceivedPerSecond))} in"
            + (roundTrip is { } time ? string.Create(CultureInfo.InvariantCulture, $", round trip {time.TotalMilliseconds:0.0} ms") : "");
    }

    private static string Count(int connections) => connections == 1 ? "1 connection" : $"{connections} connections";

    private static string Rate(double bytes) => bytes switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes:0} B/s"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000:0.0} kB/s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000_000:0.0} MB/s"),
    };

    private void Show()
    {
        string text = Describe(_reports());
        if (_terminal is null)
        {
            // An idle tunnel does not fill the log.
            if (text != _shown) ClassicLog.TunnelStatus(_logger, text);
        }
        else
        {
            int width = Console.WindowWidth > 1 ? Console.WindowWidth - 1 : int.MaxValue;
            // Back at the start, so that a record of the log on the same terminal takes its place.
            _terminal.Write($"{ToLineStart}{(text.Length > width ? text[..width] : text)}\r");
        }

        _shown = text;
    }
}
