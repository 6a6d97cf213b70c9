using Microsoft.Extensions.Logging;

namespace Plexus.App.Settings;

/// <summary>Where the log goes, and how much of it.</summary>
/// <param name="Level">The least level that is written.</param>
/// <param name="File">The file, its %p replaced; null is standard output.</param>
internal sealed record LogSettings(LogLevel Level, string? File)
{
    // The original's names in both cases and its digits.
    private static readonly Dictionary<string, LogLevel> Levels = new(StringComparer.OrdinalIgnoreCase)
    {
        ["fatal"] = LogLevel.Critical, ["1"] = LogLevel.Critical,
        ["error"] = LogLevel.Error, ["2"] = LogLevel.Error,
        ["warning"] = LogLevel.Warning, ["warn"] = LogLevel.Warning, ["3"] = LogLevel.Warning,
        ["info"] = LogLevel.Information, ["4"] = LogLevel.Information,
        ["debug"] = LogLevel.Debug, ["5"] = LogLevel.Debug,
        ["trace"] = LogLevel.Trace, ["6"] = LogLevel.Trace,
    };

    public static string AllowedLevels => "fatal, error, warning, info, debug, trace, or 1 to 6";

    public static bool TryReadLevel(string text, out LogLevel level) => Levels.TryGetValue(text, out level);

    /// <summary>The name of a level in the log.</summary>
    public static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Critical => "FATAL",
        LogLevel.Error => "ERROR",
        LogLevel.Warning => "WARN",
        LogLevel.Debug => "DEBUG",
        LogLevel.Trace => "TRACE",
        _ => "INFO",
    };
}
