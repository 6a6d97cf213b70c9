namespace Plexus.Protocols.Tests;

/// <summary>The tables of a page below docs/protocols, so that its examples stay true.</summary>
internal static class DocumentTable
{
    /// <summary>The rows whose first cell passes, each as its cells without the code marks.</summary>
    public static List<string[]> Read(string page, Func<string[], bool> isWanted) =>
        [.. File.ReadLines(PathOf(page))
            .Where(l => l.StartsWith('|'))
            .Select(l => l.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries).Select(c => c.Trim('`')).ToArray())
            .Where(isWanted)];

    /// <summary>The file of a page.</summary>
    public static string PathOf(string page)
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Plexus.slnx"))) folder = Path.GetDirectoryName(folder);
        return Path.Combine(folder ?? throw new FileNotFoundException("Plexus.slnx"), "docs", "protocols", page);
    }
}
