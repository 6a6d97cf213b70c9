using System.Reflection;
using Plexus.App.Settings;
using Plexus.Payloads;

namespace Plexus.App.Commands;

/// <summary>The help of the whole program: the subcommands, then the classic options in their groups.</summary>
internal static class HelpText
{
    private const int Width = 100; // Columns of a usual terminal; a longer line is broken at a blank.
    private const int Column = 30; // Where the meanings begin.

    public static string Version => $"{ProgramName.Plexus} {typeof(HelpText).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0"}";

    /// <summary>Two lines for somebody who gave no arguments.</summary>
    public static async Task WriteUsageAsync(TextWriter to)
    {
        await to.WriteLineAsync("plexus: nothing to do; begin with 'plexus demo' to see it work on this machine, or 'plexus --help'.");
    }

    public static async Task WriteAsync(TextWriter to)
    {
        await to.WriteLineAsync("plexus joins two machines behind NATs directly, without a server of your own.");
        await to.WriteLineAsync();
        await to.WriteLineAsync("Usage:");
        await to.WriteLineAsync("  plexus --app-id=… --app-repo=… --host-info=… --peer-info=… --exec-command=… [--accept] [options]");
        await to.WriteLineAsync("  plexus COMMAND …            each command has its own --help");
        await to.WriteLineAsync();
        await to.WriteLineAsync("Commands:");
        foreach (System.CommandLine.Command command in Composition.Root().Subcommands)
        {
            await WriteRowAsync(to, "  " + command.Name, command.Description ?? "");
        }

        foreach ((string title, IReadOnlyList<ClassicOption> options) in ClassicOptions.Groups)
        {
            await to.WriteLineAsync();
            await to.WriteLineAsync(title + ":");
            foreach (ClassicOption option in options)
            {
                string ending = option.IsRequired ? " (required)" : option.Default is { } value ? $" (default {value})" : "";
                await WriteRowAsync(to, "  " + option.Dashed + (option.IsFlag ? "" : "=" + option.Value), option.Meaning + ending);
            }
        }

        await to.WriteLineAsync();
        await to.WriteLineAsync("Wildcards of --exec-args, --exec-pwd and --exec-log (docs/exec.md):");
        await WriteRowAsync(to, "", string.Join(' ', ExecWildcards.Names));
        await to.WriteLineAsync();
        await to.WriteLineAsync("Names of options may be shortened while they stay unambiguous. Exit codes: docs/exit-codes.md");
    }

    private static async Task WriteRowAsync(TextWriter to, string left, string right)
    {
        string line = left.PadRight(Column - 1) + (left.Length >= Column ? "\n" + new string(' ', Column - 1) : "");
        int length = Column - 1;
        foreach (string word in right.Split(' '))
        {
            if (length + 1 + word.Length > Width)
            {
                line += "\n" + new string(' ', Column - 1);
                length = Column - 1;
            }

            line += " " + word;
            length += 1 + word.Length;
        }

        await to.WriteLineAsync(line.ReplaceLineEndings());
    }
}
