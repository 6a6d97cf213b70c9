using System.Text;
using Microsoft.Extensions.Logging;
using Plexus.App.Logging;

namespace Plexus.App.Tests.Logging;

public sealed class LogLineTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 3, 12, 0, 1, 234, 567, TimeSpan.FromHours(1));

    [Theory]
    [InlineData(LogLevel.Critical, "FATAL")]
    [InlineData(LogLevel.Error, "ERROR")]
    [InlineData(LogLevel.Warning, "WARN")]
    [InlineData(LogLevel.Information, "INFO")]
    [InlineData(LogLevel.Debug, "DEBUG")]
    [InlineData(LogLevel.Trace, "TRACE")]
    public void A_record_is_one_line(LogLevel level, string name) =>
        Assert.Equal($"2026-Nov-03 12:00:01.234567 {name}: text", LogLine.Format(Noon, level, "text", null, withStack: false));

    [Fact]
    public void Text_from_outside_makes_no_line_and_no_escape_of_its_own() => Assert.Equal(
        @"2026-Nov-03 12:00:01.234567 INFO: a\nb\u000d\u001b[2J\u2028c",
        LogLine.Format(Noon, LogLevel.Information, "a\nb\r\u001b[2J\u2028c", null, withStack: false));

    [Fact]
    public void Causes_follow_their_record()
    {
        InvalidOperationException exception = new("outer", new IOException("inner"));
        Assert.EndsWith(" ERROR: text | outer | inner", LogLine.Format(Noon, LogLevel.Error, "text", exception, withStack: false), StringComparison.Ordinal);
        Assert.Contains("System.IO.IOException: inner", LogLine.Format(Noon, LogLevel.Error, "text", exception, withStack: true), StringComparison.Ordinal);
    }

    [Fact]
    public void The_log_begins_as_the_originals_and_keeps_to_its_level()
    {
        MemoryStream stream = new();
        using (LineLoggerProvider provider = new(stream, LogLevel.Warning, TimeProvider.System))
        {
            ILogger logger = provider.CreateLogger("x");
            logger.Log(LogLevel.Information, new EventId(1), "quiet", null, (state, _) => state);
            logger.Log(LogLevel.Warning, new EventId(1), "loud", null, (state, _) => state);
        }

        string[] lines = Encoding.UTF8.GetString(stream.ToArray()).Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Matches($@"^LOGGER: \d{{8}}T\d{{6}}\.\d{{6}} WARN {Environment.ProcessId}$", lines[0]);
        Assert.EndsWith("WARN: loud", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_appended_to_and_may_be_emptied_meanwhile()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["log"], "before" + Environment.NewLine);
        using LineLoggerProvider provider = LineLoggerProvider.ToFile(folder["log"], LogLevel.Information, TimeProvider.System);
        Assert.StartsWith("before", Content(folder["log"]), StringComparison.Ordinal);
        using (FileStream other = new(folder["log"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) other.SetLength(0);
        provider.CreateLogger("x").Log(LogLevel.Information, new EventId(1), "after", null, (state, _) => state);
        Assert.Matches("^[0-9].*INFO: after", Content(folder["log"]));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_a_mistake_of_the_settings()
    {
        using TemporaryFolder folder = new();
        PlexusException failure = Assert.Throws<PlexusException>(() => LineLoggerProvider.ToFile(folder["no", "log"], LogLevel.Information, TimeProvider.System));
        Assert.Equal(PlexusStage.Settings, failure.Stage);
        Assert.StartsWith("--log-file: ", failure.Message, StringComparison.Ordinal);
    }

    private static string Content(string path)
    {
        using StreamReader reader = new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }
}
