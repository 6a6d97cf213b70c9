using System.Text;
using Microsoft.Extensions.Logging;

namespace Plexus.App.Logging;

/// <summary>Writes the log to a stream, a line a record, each with one write.</summary>
internal sealed class LineLoggerProvider : ILoggerProvider
{
    private const UnixFileMode FileMode0644 =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly Stream _stream;
    private readonly LogLevel _level;
    private readonly TimeProvider _clock;
    private readonly Lock _lock = new();

    public LineLoggerProvider(Stream stream, LogLevel level, TimeProvider clock)
    {
        (_stream, _level, _clock) = (stream, level, clock);
        Write(LogLine.First(clock.GetLocalNow(), level));
    }

    /// <summary>A log in a file that is appended to.</summary>
    /// <exception cref="PlexusException">The file cannot be written.</exception>
    public static LineLoggerProvider ToFile(string path, LogLevel level, TimeProvider clock)
    {
        try
        {
            FileStreamOptions options = new()
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0,
            };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = FileMode0644;
            return new(new FileStream(path, options), level, clock);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PlexusException(PlexusStage.Settings, $"--log-file: '{path}' cannot be written: {FileFailure.ReasonOf(e, path)}.", e);
        }
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(this);

    public void Dispose() => _stream.Dispose();

    private void Write(string line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line + Environment.NewLine);
        lock (_lock)
        {
            try
            {
                if (_stream.CanSeek) _stream.Seek(0, SeekOrigin.End); // Another process may write here, or empty the file.
                _stream.Write(bytes);
                _stream.Flush();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                // A full disk or a closed pipe must not stop the service that is logged.
            }
        }
    }

    private sealed class LineLogger(LineLoggerProvider provider) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= provider._level && logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            provider.Write(LogLine.Format(
                provider._clock.GetLocalNow(), logLevel, formatter(state, exception), exception, provider._level == LogLevel.Trace));
        }
    }
}
