namespace Plexus;

/// <summary>Says why a file could not be used, as the end of a sentence that names the file.</summary>
/// <remarks>The system's own texts repeat the path, or name a temporary file that nobody has heard of.</remarks>
internal static class FileFailure
{
    private const string PathMark = " : '"; // Stands in the framework's texts between the reason and the path.

    /// <summary>The reason, without a full stop.</summary>
    /// <param name="failure">What opening, reading or writing threw.</param>
    /// <param name="path">The file that was meant.</param>
    /// <param name="isFolder">Whether a folder was meant.</param>
    public static string ReasonOf(Exception failure, string path, bool isFolder = false) => failure switch
    {
        FileNotFoundException => "it does not exist",
        DirectoryNotFoundException => "its folder does not exist",
        UnauthorizedAccessException when !isFolder && Directory.Exists(path) => "it is a folder",
        UnauthorizedAccessException => $"the user {Environment.UserName} has no permission",
        _ => Shortened(failure.Message),
    };

    private static string Shortened(string message)
    {
        int mark = message.IndexOf(PathMark, StringComparison.Ordinal);
        string reason = (mark < 0 ? message : message[..mark]).TrimEnd('.', ' ');
        return reason.Length > 1 && char.IsUpper(reason[0]) && char.IsLower(reason[1]) ? char.ToLowerInvariant(reason[0]) + reason[1..] : reason;
    }
}
