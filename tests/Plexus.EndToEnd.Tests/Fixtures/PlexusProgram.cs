namespace Plexus.EndToEnd.Fixtures;

/// <summary>The program under test: what <c>./build</c> made, as a user gets it.</summary>
internal static class PlexusProgram
{
    private static readonly Lazy<string?> Found = new(Find);

    /// <summary>Its path.</summary>
    public static string Path => Found.Value ?? throw new FileNotFoundException(WhyNot);

    /// <summary>Why it cannot be run; null when it can.</summary>
    public static string? WhyNot => Found.Value is null ? "There is no out/plexus: run ./build first." : null;

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(System.IO.Path.Combine(folder.FullName, "Plexus.slnx"))) continue;
            string program = System.IO.Path.Combine(folder.FullName, "out", "plexus");
            return File.Exists(program) ? program : null;
        }

        return null;
    }
}
