namespace Plexus.App.Settings;

/// <summary>A value as the user gave it.</summary>
/// <param name="Text">The text; null for a flag without one.</param>
/// <param name="Place">Where it stands: the option, or file, line and option. Begins every message about it.</param>
internal sealed record GivenValue(string? Text, string Place);
