using System.Collections;
using Plexus.Passages;

namespace Plexus.Payloads;

/// <summary>Everything a system needs to start a program; all decisions are taken.</summary>
/// <param name="Program">The full path of the file.</param>
/// <param name="Arguments">The arguments, the first being the program as the user wrote it.</param>
/// <param name="Variables">The whole environment.</param>
/// <param name="WorkingDirectory">A full path; null is the current folder.</param>
/// <param name="LogFile">The full path of the file that gets the output; null drops it.</param>
internal sealed record LaunchPlan(
    string Program,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Variables,
    string? WorkingDirectory,
    string? LogFile)
{
    private static StringComparer VariableNames => OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <exception cref="PlexusException">The program, the folder or the log file cannot be used.</exception>
    public static LaunchPlan Make(CommandOptions options, PassageTicket ticket)
    {
        string? folder = ExpandPath(options.WorkingDirectory, ticket);
        if (folder is not null) RequireFolder(folder);
        string? log = ExpandPath(options.LogFile, ticket);
        if (log is not null) ProbeLog(log);
        Dictionary<string, string> variables = new(VariableNames);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables()) variables[(string)variable.Key] = (string?)variable.Value ?? "";
        foreach ((string name, string value) in ExecWildcards.Environment(ticket)) variables[name] = value;
        return new(
            options.FindProgram(),
            [options.Command, .. CommandLineTokens.Split(options.Arguments).Select(token => ExecWildcards.Expand(token, ticket))],
            variables,
            folder,
            log);
    }

    /// <summary>Checks what can be known before there is a passage: a folder whose name has no wildcard.</summary>
    /// <exception cref="PlexusException">It does not exist.</exception>
    public static void CheckWorkingDirectory(string? text)
    {
        if (!string.IsNullOrEmpty(text) && !ExecWildcards.AreIn(text)) RequireFolder(Path.GetFullPath(text));
    }

    /// <summary>Checks what can be known before there is a passage: a log file whose name has no wildcard.</summary>
    /// <exception cref="PlexusException">It cannot be written.</exception>
    public static void CheckLog(string? text)
    {
        if (!string.IsNullOrEmpty(text) && !ExecWildcards.AreIn(text)) ProbeLog(Path.GetFullPath(text));
    }

    internal static PlexusException Failure(string message, Exception? cause = null) => new(PlexusStage.Payload, message, cause);

    private static void RequireFolder(string path)
    {
        if (!Directory.Exists(path)) throw Failure($"The working folder '{path}' of the command does not exist; make it first.");
    }

    private static string? ExpandPath(string? text, PassageTicket ticket) =>
        string.IsNullOrEmpty(text) ? null : Path.GetFullPath(ExecWildcards.Expand(text, ticket));

    // The system's own answer to a failed start does not tell which file it means.
    private static void ProbeLog(string path)
    {
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = LaunchedCommand.LogMode;
            using FileStream file = new(path, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure($"The log file '{path}' of the command cannot be written: {FileFailure.ReasonOf(e, path)}.", e);
        }
    }
}
