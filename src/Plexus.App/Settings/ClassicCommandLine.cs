namespace Plexus.App.Settings;

/// <summary>Reads a classic command line into texts: <c>--name=value</c>, <c>--name value</c>, flags, and unambiguous prefixes of names.</summary>
/// <remarks>There are no short options and no positional arguments, as in the original.</remarks>
internal static class ClassicCommandLine
{
    private const string Dashes = "--";

    /// <summary>Reads plexus's own.</summary>
    /// <exception cref="PlexusException">An option is unknown, ambiguous, repeated, or has no value.</exception>
    public static GivenOptions Read(IReadOnlyList<string> arguments) => Read(arguments, ClassicOptions.All, ProgramName.Plexus);

    /// <summary>Reads that of a program with these options.</summary>
    /// <exception cref="PlexusException">An option is unknown, ambiguous, repeated, or has no value.</exception>
    public static GivenOptions Read(IReadOnlyList<string> arguments, IReadOnlyList<ClassicOption> known, string program)
    {
        GivenOptions given = new();
        for (int at = 0; at < arguments.Count; at++)
        {
            string argument = arguments[at];
            if (!argument.StartsWith(Dashes, StringComparison.Ordinal) || argument.Length == Dashes.Length)
            {
                throw GivenOptions.Wrong($"'{argument}' is not an option; options begin with two dashes, and a value with blanks needs quotes.");
            }

            int equals = argument.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? argument[Dashes.Length..] : argument[Dashes.Length..equals];
            ClassicOption option = Find(name, known, program);
            string? value = equals < 0 ? null : argument[(equals + 1)..];
            if (value is null && !option.IsFlag)
            {
                if (at + 1 == arguments.Count || IsOption(arguments[at + 1], known))
                {
                    throw GivenOptions.Wrong($"{option.Dashed} has no value; write {option.Dashed}={option.Value}.");
                }

                value = arguments[++at]; // It may begin with dashes, as --exec-args --verbose.
            }

            if (!given.TryAdd(option, new(value, option.Dashed)))
            {
                throw GivenOptions.Wrong($"{option.Dashed} is given twice; give it once.");
            }
        }

        return given;
    }

    private static bool IsOption(string argument, IReadOnlyList<ClassicOption> known) =>
        argument.StartsWith(Dashes, StringComparison.Ordinal)
        && known.Any(option => option.Name == argument[Dashes.Length..].Split('=')[0]);

    private static ClassicOption Find(string name, IReadOnlyList<ClassicOption> known, string program)
    {
        ClassicOption[] fitting = [.. known.Where(option => option.Name.StartsWith(name, StringComparison.Ordinal))];
        return fitting.FirstOrDefault(option => option.Name == name)
            ?? (fitting.Length == 1 ? fitting[0] : throw Unknown(name, fitting, known, program));
    }

    private static PlexusException Unknown(string name, ClassicOption[] fitting, IReadOnlyList<ClassicOption> known, string program)
    {
        if (fitting.Length > 1 && name.Length > 0)
        {
            return GivenOptions.Wrong($"--{name} is ambiguous; it could be {string.Join(", ", fitting.Select(option => option.Dashed))}.");
        }

        string advice = Spelling.Nearest(name, known.Select(option => option.Name)) is { } near
            ? $"did you mean --{near}?"
            : $"{program} --help lists the options.";
        return GivenOptions.Wrong($"--{name} is unknown; {advice}");
    }
}
