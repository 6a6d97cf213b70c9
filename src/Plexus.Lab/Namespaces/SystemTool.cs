using System.Diagnostics;

namespace Plexus.Lab.Namespaces;

/// <summary>A program of the system, such as <c>ip</c> and <c>nft</c>, run to its end.</summary>
internal static class SystemTool
{
    // An ordinary user's PATH often lacks the last two, where ip and nft are.
    private static readonly string[] Folders =
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/sbin", "/sbin"];

    /// <summary>The program's path, or null when it is not installed.</summary>
    public static string? Find(string name) =>
        Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>What starts the program, without its arguments.</summary>
    /// <exception cref="FileNotFoundException">It is not installed.</exception>
    public static ProcessStartInfo Prepare(string name, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(Find(name) ?? throw new FileNotFoundException($"The program '{name}' is not installed."))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }

    /// <summary>Starts the program in the caller's network namespace, feeds it, and gives what it printed.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message has its complaint.</exception>
    public static string Run(ProcessStartInfo start, string input = "")
    {
        using Process process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Task<string> complaint = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"{Path.GetFileName(start.FileName)} {string.Join(' ', start.ArgumentList)}: {complaint.Result.Trim()}\n{input}".Trim());
    }
}
