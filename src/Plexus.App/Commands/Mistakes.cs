using System.CommandLine;
using System.CommandLine.Parsing;
using Plexus.App.Settings;

namespace Plexus.App.Commands;

/// <summary>One sentence about a wrong command line of a subcommand: what is wrong, and what is allowed or where to read it.</summary>
internal static class Mistakes
{
    /// <param name="result">A command line with an error.</param>
    public static string SentenceFor(ParseResult result)
    {
        Command command = result.CommandResult.Command;
        string path = PathOf(result.CommandResult);
        if (result.UnmatchedTokens.Count > 0) return Unknown(result.UnmatchedTokens[0], command, path);
        if (command.Action is null && command.Subcommands.Count > 0)
        {
            return $"'{path}' needs a command: {string.Join(", ", command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name))}; see: {path} --help";
        }

        foreach (Option option in OptionsOf(result.CommandResult))
        {
            string usage = $"{option.Name}=<{option.HelpName}>";
            OptionResult? given = result.GetResult(option) is { Implicit: false } here ? here : null;
            if (given is null && option.Required) return $"'{path}' needs {usage}: {option.Description}";
            if (given is not null && given.Tokens.Count < option.Arity.MinimumNumberOfValues) return $"{option.Name} has no value; write {usage}.";
        }

        foreach (Argument argument in command.Arguments)
        {
            int given = result.GetResult(argument) is { } here ? here.Tokens.Count : 0;
            if (given < argument.Arity.MinimumNumberOfValues && !argument.HasDefaultValue)
            {
                return $"'{path}' needs <{argument.HelpName ?? argument.Name}>: {argument.Description}";
            }
        }

        return result.Errors[0].Message;
    }

    private static string Unknown(string token, Command command, string path)
    {
        string[] known = [.. command.Subcommands.Select(sub => sub.Name), .. command.Options.Select(option => option.Name)];
        string advice = Spelling.Nearest(token, known) is { } near ? $"did you mean {near}?" : $"see: {path} --help";
        return $"'{token}' is unknown; {advice}";
    }

    private static IEnumerable<Option> OptionsOf(CommandResult result)
    {
        IEnumerable<Option> inherited = result.Parent is CommandResult parent ? OptionsOf(parent).Where(static option => option.Recursive) : [];
        return result.Command.Options.Concat(inherited);
    }

    private static string PathOf(CommandResult result) => result.Parent is CommandResult parent
        ? $"{PathOf(parent)} {result.Command.Name}"
        : ProgramName.Plexus;
}
