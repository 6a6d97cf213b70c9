namespace Plexus.App.Settings;

/// <summary>The options a user gave, as texts: the command line first, then what the configuration file adds.</summary>
internal sealed class GivenOptions
{
    private readonly Dictionary<ClassicOption, List<GivenValue>> _values = [];

    /// <summary>What the user gave for an option; null if nothing.</summary>
    public GivenValue? this[ClassicOption option] => _values.GetValueOrDefault(option)?[0];

    /// <summary>All that the user gave for an option that may be repeated.</summary>
    public IReadOnlyList<GivenValue> AllOf(ClassicOption option) => _values.GetValueOrDefault(option) ?? [];

    /// <summary>The options that were given, in the order of the table.</summary>
    public IEnumerable<ClassicOption> Options => ClassicOptions.All.Where(_values.ContainsKey);

    /// <summary>Adds a value; false if there is one already and the option may not be repeated.</summary>
    public bool TryAdd(ClassicOption option, GivenValue value)
    {
        if (_values.TryAdd(option, [value])) return true;
        if (option.IsRepeatable) _values[option].Add(value);
        return option.IsRepeatable;
    }

    /// <summary>A failure of the settings: the option's name, the offending text, what is allowed, in one sentence.</summary>
    public static PlexusException Wrong(string message) => new(PlexusStage.Settings, message);
}
