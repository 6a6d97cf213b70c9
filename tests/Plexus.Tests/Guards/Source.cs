namespace Plexus.Tests.Guards;

/// <summary>The source tree these tests were built from.</summary>
internal static class Source
{
    public static string Root { get; } = FindRoot();

    /// <summary>All C# files of a folder, as paths below it; what the build made is left out.</summary>
    public static IEnumerable<string> Files(string folder)
    {
        string start = Path.Combine(Root, folder);
        return Directory.EnumerateFiles(start, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(start, file));
    }

    public static string Read(params string[] parts) => File.ReadAllText(Path.Combine([Root, .. parts]));

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Plexus.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside their source tree.");
    }
}
