namespace Plexus.App.Settings;

/// <summary>One option of the classic command line, as the help shows it.</summary>
/// <param name="Name">The name without its dashes, which is also the name in a configuration file.</param>
/// <param name="Value">What stands for the value in the help; null for a flag.</param>
/// <param name="Meaning">What it does, in a line or two.</param>
internal sealed record ClassicOption(string Name, string? Value, string Meaning)
{
    /// <summary>The text that counts when nobody gives the option; null when there is none.</summary>
    public string? Default { get; init; }

    /// <summary>Whether there is no run without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether it may be given several times.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Whether the option may stand in a configuration file.</summary>
    public bool InFile { get; init; } = true;

    /// <summary>The name as it is written on the command line.</summary>
    public string Dashed => "--" + Name;

    public bool IsFlag => Value is null;
}
