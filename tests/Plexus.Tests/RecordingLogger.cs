using Microsoft.Extensions.Logging;

namespace Plexus.Tests;

/// <summary>Keeps every line that is logged, for tests of what is told, and of what must never be.</summary>
internal sealed class RecordingLoggerFactory(TimeProvider? clock = null)
{
    private readonly List<(TimeSpan At, string Who, LogLevel Level, string Text)> _lines = [];

    public IReadOnlyList<(TimeSpan At, string Who, LogLevel Level, string Text)> Lines
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    private TimeSpan Now => clock is null ? default : TimeSpan.FromTicks(clock.GetTimestamp());

    public ILoggerFactory For(string who) => new Factory(this, who);

    private sealed class Factory(RecordingLoggerFactory owner, string who) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (owner._lines) owner._lines.Add((owner.Now, who, logLevel, formatter(state, exception)));
        }

        public void Dispose() { }
    }
}
