using System.Reflection;
using Plexus.App.Settings;
using Plexus.Payloads;

namespace Plexus.App.Commands;

/// <summary>The help of the whole program: the subcommands, then the classic options in their groups.</summary>
internal static class HelpText
{
    private const int Widest = 100; // Longer lines are hard to read.
    private const int Narrowest = 40; // Narrower than this, lines are broken by the terminal.
    private const int Column = 30; // Where the meanings begin.
    private const int Indent = 6; // Where they begin when a terminal has no room for them beside the names.
    private const int TwoColumns = 70; // The least width for that.

    private static int Width => Console.IsOutputRedirected || Console.WindowWidth <= 0 ? Widest : Math.Clamp(Console.WindowWidth, Narrowest, Widest);

    public static string Version => $"{ProgramName.Plexus} {typeof(HelpText).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0"}";

    /// <summary>Two lines for somebody who gave no arguments.</summary>
    public static async Task WriteUsageAsync(TextWriter to)
    {
        await to.WriteLineAsync("plexus: nothing to do; begin with 'plexus demo' to see it work on this machine, or 'plexus --help'.");
    }

    public static async Task WriteAsync(TextWriter to)
    {
        await WriteTextAsync(to, "plexus joins two machines behind NATs directly, without a server of your own.");
        await to.WriteLineAsync();
        await to.WriteLineAsync("Usage:");
        await WriteTextAsync(to, "  plexus --app-id=… --app-repo=… --host-info=… --peer-info=… --exec-command=… [--accept] [options]");
        await WriteTextAsync(to, "  plexus --app-id=… --app-repo=… --host-info=… --peer-info=… --export=…|--import=… … [--accept] [options]");
        await WriteRowAsync(to, "  plexus COMMAND …", "each command has its own --help");
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
            await WriteOptionsAsync(to, options);
        }

        await to.WriteLineAsync();
        await WriteTextAsync(to, "Wildcards of --exec-args, --exec-pwd, --exec-log, --export and --import (docs/exec.md):");
        await WriteRowAsync(to, "", string.Join(' ', ExecWildcards.Names));
        await to.WriteLineAsync();
        await WriteTextAsync(to, "Names of options may be shortened while they stay unambiguous. Exit codes: docs/exit-codes.md");
    }

    /// <summary>The help of the stand-alone tunnel.</summary>
    public static async Task WriteWormholeAsync(TextWriter to)
    {
        await WriteTextAsync(to, "wormhole carries a TCP service to another machine, over datagrams between two endpoints that reach each other. It does not encrypt; plexus --export and --import do.");
        await to.WriteLineAsync();
        await to.WriteLineAsync("Options:");
        await WriteOptionsAsync(to, WormholeOptions.All);
        await to.WriteLineAsync();
        await WriteTextAsync(to, "Names of options may be shortened while they stay unambiguous. Environment, exit codes and examples: docs/wormhole.md");
    }

    private static async Task WriteOptionsAsync(TextWriter to, IEnumerable<ClassicOption> options)
    {
        foreach (ClassicOption option in options)
        {
            string ending = option.IsRequired ? " (required)" : option.Default is { } value ? $" (default {value})" : "";
            await WriteRowAsync(to, "  " + option.Dashed + (option.IsFlag ? "" : "=" + option.Value), option.Meaning + ending);
        }
    }

    private static Task WriteTextAsync(TextWriter to, string text)
    {
        string indent = text[..^text.TrimStart().Length];
        return WriteWordsAsync(to, indent, text.Trim(), indent.Length);
    }

    private static Task WriteRowAsync(TextWriter to, string left, string right)
    {
        int column = Width >= TwoColumns ? Column : Indent;
        string begin = left.Length >= column ? left + "\n" + new string(' ', column) : left.PadRight(column);
        return WriteWordsAsync(to, begin, right, column);
    }

    private static async Task WriteWordsAsync(TextWriter to, string begin, string words, int column)
    {
        string lines = begin;
        int length = column;
        foreach (string word in words.Split(' '))
        {
            if (length > column && length + 1 + word.Length > Width)
            {
                lines += "\n" + new string(' ', column);
                length = column;
            }

            lines += length > column ? " " + word : word;
            length += (length > column ? 1 : 0) + word.Length;
        }

        await to.WriteLineAsync(lines.ReplaceLineEndings());
    }
}
