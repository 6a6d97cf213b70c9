using Microsoft.Extensions.Logging;

namespace Plexus.App.Demo;

/// <summary>Shows each event of the demonstration as it happens, with its time and its machine. It is the machines' log, too.</summary>
/// <param name="output">Where to write.</param>
/// <param name="clock">The clock of the demonstration.</param>
/// <param name="colored">The output is a terminal that wants colours.</param>
internal sealed class DemoScreen(TextWriter output, TimeProvider clock, bool colored)
{
    private const string Bold = "1";
    private const string Dim = "2";
    private const string Green = "32";
    private const int PassageOpen = 103; // HostLog

    private readonly Lock _gate = new();
    private long _start = clock.GetTimestamp();

    /// <summary>The time of the demonstration begins now.</summary>
    public void StartTime() => _start = clock.GetTimestamp();

    public void Title(string text) => Line(Paint(text, Bold));

    public void Line(string text = "")
    {
        lock (_gate) output.WriteLine(text);
    }

    /// <summary>Something has happened on a machine.</summary>
    public void Event(string site, string text, bool stands = false)
    {
        string time = $"{clock.GetElapsedTime(_start).TotalSeconds,8:0.000} s";
        Line($"{Paint(time, Dim)}  {site,-7} {(stands ? Paint(text, Green) : text)}");
    }

    /// <summary>The log of a machine: what it tells at level information and above becomes an event.</summary>
    public ILoggerFactory LogOf(string site) => new SiteLog(this, site);

    private string Paint(string text, string code) => colored ? $"\e[{code}m{text}\e[0m" : text;

    private sealed class SiteLog(DemoScreen screen, string site) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) screen.Event(site, formatter(state, exception), stands: eventId.Id == PassageOpen);
        }

        public void Dispose()
        {
            // The screen outlives the logs.
        }
    }
}
