namespace Plexus.EndToEnd.Fixtures;

/// <summary>The program under test: what <c>./build</c> made, as a user gets it.</summary>
internal static class PlexusProgram
{
    private static readonly Lazy<string?> Found = new(Find);

    /// <summary>Its path.</summary>
    public static string Path => Found.Value ?? throw new FileNotFoundException(WhyNot);

    /// <summary>Why it cannot be run; null when it can.</summary>
    public static string? WhyNot => Found.Value is null ? "There is no out/plexus: run ./build first." : null;

    /// <summary>The folder of the working copy; null when the tests run outside of one.</summary>
    public static string? Root
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Plexus.slnx"))) folder = folder.Parent;
            return folder?.FullName;
        }
    }

    private static string? Find()
    {
        if (Root is not { } root) return null;
        string program = System.IO.Path.Combine(root, "out", "plexus");
        return File.Exists(program) ? program : null;
    }
}
