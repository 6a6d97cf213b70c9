using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Plexus.App.Settings;

namespace Plexus.App.Logging;

/// <summary>The form of the log: one line a record, <c>2026-Nov-23 06:25:21.123456 INFO: text</c>, local time.</summary>
/// <remarks>
/// The original's form without its thread number. What comes from outside cannot make a line of its own: control
/// characters are written as escapes.
/// </remarks>
internal static class LogLine
{
    /// <summary>The first line of a run, as the original writes it.</summary>
    public static string First(DateTimeOffset now, LogLevel level) => string.Create(
        CultureInfo.InvariantCulture, $"LOGGER: {now:yyyyMMdd'T'HHmmss.ffffff} {LogSettings.NameOf(level)} {Environment.ProcessId}");

    /// <summary>A record; with the causes of its exception, and with their stacks where asked for.</summary>
    public static string Format(DateTimeOffset now, LogLevel level, string text, Exception? exception, bool withStack)
    {
        StringBuilder line = new();
        line.Append(CultureInfo.InvariantCulture, $"{now:yyyy-MMM-dd HH:mm:ss.ffffff} {LogSettings.NameOf(level)}: ");
        Append(line, text);
        if (withStack && exception is not null) Append(line.Append(" | "), exception.ToString());
        else for (Exception? cause = exception; cause is not null; cause = cause.InnerException) Append(line.Append(" | "), cause.Message);
        return line.ToString();
    }

    private static void Append(StringBuilder line, string text)
    {
        foreach (char c in text)
        {
            if (c == '\n') line.Append("\\n");
            else if (char.IsControl(c) || c is '\u2028' or '\u2029') line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else line.Append(c);
        }
    }
}
