using Microsoft.Extensions.Logging;

namespace Plexus.App.Logging;

/// <summary>Tells the user of a subcommand what went wrong without ending it: warnings and errors, a sentence each.</summary>
internal sealed class NoticeLoggerProvider(TextWriter output) : ILoggerProvider
{
    /// <summary>A factory whose loggers write here.</summary>
    public static ILoggerFactory Factory(TextWriter output) =>
        LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Warning).AddProvider(new NoticeLoggerProvider(output)));

    public ILogger CreateLogger(string categoryName) => new Notices(output);

    public void Dispose() { }

    private sealed class Notices(TextWriter output) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and < LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            string text = exception is null ? formatter(state, null) : $"{formatter(state, exception)}: {exception.Message}";
            lock (output) output.WriteLine($"{ProgramName.Plexus}: {text}");
        }
    }
}
