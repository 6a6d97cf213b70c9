namespace Plexus.App.Settings;

/// <summary>Reads a file of options: <c>name = value</c> a line, <c>#</c> begins a comment.</summary>
/// <remarks>
/// As in the original: names without dashes and in full, blanks around name and value are cut, quotes are ordinary
/// characters, and a <c>[section]</c> would be part of the names, so none of them would be known.
/// </remarks>
internal static class ConfigurationFile
{
    private const long LargestFile = 1 << 20; // A file of options has some hundred bytes.

    /// <summary>Adds what the command line did not give.</summary>
    /// <exception cref="PlexusException">The file cannot be read, or a line is wrong.</exception>
    public static void Add(GivenOptions given, string path)
    {
        HashSet<ClassicOption> here = [], before = [.. given.Options];
        int number = 0;
        foreach (string line in Lines(path))
        {
            number++;
            string text = line.Split('#')[0].Trim();
            if (text.Length == 0) continue;
            string place = $"{path}:{number}";
            if (text.StartsWith('[')) throw GivenOptions.Wrong($"{place}: '{text}' begins a section, but no option has one; remove the line.");
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) throw GivenOptions.Wrong($"{place}: '{text}' has no '='; allowed is name = value.");
            string name = text[..equals].TrimEnd();
            ClassicOption? option = ClassicOptions.All.FirstOrDefault(o => o.Name == name && o.InFile);
            if (option is null) throw Unknown(place, name);
            if (!here.Add(option) && !option.IsRepeatable) throw GivenOptions.Wrong($"{place}: {name} is given twice; give it once.");
            if (before.Contains(option)) continue; // The command line wins.
            given.TryAdd(option, new(text[(equals + 1)..].TrimStart(), $"{place}: {name}"));
        }
    }

    private static PlexusException Unknown(string place, string name)
    {
        string advice = Spelling.Nearest(name, ClassicOptions.All.Where(option => option.InFile).Select(option => option.Name)) is { } near
            ? $"did you mean {near}?"
            : "allowed are the long names of the options without their dashes.";
        return GivenOptions.Wrong($"{place}: '{name}' is unknown; {advice}");
    }

    private static string[] Lines(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: > LargestFile }
                ? throw new IOException($"it is larger than {LargestFile >> 10} KiB")
                : File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PlexusException(PlexusStage.Settings, $"--config: '{path}' cannot be read: {FileFailure.ReasonOf(e, path)}.", e);
        }
    }
}
