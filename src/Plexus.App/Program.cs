using System.CommandLine;
using System.CommandLine.Invocation;
using Plexus.App.Commands;
using Plexus.App.Settings;

namespace Plexus.App;

/// <summary>Decides which of the command lines it is, and turns every end into an exit code.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        OutputStream.Install();
        using Interrupts interrupts = new();
        return await RunAsync(arguments, ProgramName.IsWormhole, Console.Out, Console.Error, interrupts);
    }

    /// <summary>Runs the program.</summary>
    /// <returns>The exit code; docs/exit-codes.md.</returns>
    internal static async Task<int> RunAsync(
        string[] arguments, bool isWormhole, TextWriter output, TextWriter error, Interrupts interrupts)
    {
        string name = isWormhole ? ProgramName.Wormhole : ProgramName.Plexus;
        try
        {
            if (isWormhole) return await WormholeAsync(arguments, output, error, interrupts);
            if (arguments.Length == 0)
            {
                await HelpText.WriteUsageAsync(error);
                return ExitCodes.Settings;
            }

            return arguments[0].StartsWith("--", StringComparison.Ordinal)
                ? await ClassicAsync(arguments, output, error, interrupts)
                : await SubcommandAsync(arguments, output, error, interrupts);
        }
        catch (PlexusException e)
        {
            await error.WriteLineAsync($"{name}: {e.Message}");
            return ExitCodes.Of(e.Stage);
        }
        catch (OperationCanceledException) when (interrupts.Token.IsCancellationRequested)
        {
            return interrupts.ExitCode;
        }
        catch (Exception e)
        {
            await error.WriteLineAsync($"{name}: an unexpected failure, please report it: {e}");
            return ExitCodes.Unexpected;
        }
    }

    private static async Task<int> ClassicAsync(string[] arguments, TextWriter output, TextWriter error, Interrupts interrupts)
    {
        GivenOptions given = ClassicCommandLine.Read(arguments);
        if (given[ClassicOptions.Help] is not null)
        {
            await HelpText.WriteAsync(output);
            return ExitCodes.Success;
        }

        if (given[ClassicOptions.Version] is not null)
        {
            await output.WriteLineAsync(HelpText.Version);
            return ExitCodes.Success;
        }

        ClassicSettings settings = ClassicSettingsReader.Read(given, Environment.GetEnvironmentVariable);
        return await Composition.RunClassicAsync(settings, error, interrupts);
    }

    private static async Task<int> WormholeAsync(string[] arguments, TextWriter output, TextWriter error, Interrupts interrupts)
    {
        if (arguments.Length == 0) throw GivenOptions.Wrong("nothing to do; wormhole --help lists the options.");
        GivenOptions given = ClassicCommandLine.Read(arguments, WormholeOptions.All, ProgramName.Wormhole);
        if (given[ClassicOptions.Help] is not null)
        {
            await HelpText.WriteWormholeAsync(output);
            return ExitCodes.Success;
        }

        if (given[ClassicOptions.Version] is not null)
        {
            await output.WriteLineAsync(HelpText.Version);
            return ExitCodes.Success;
        }

        return await Composition.RunWormholeAsync(WormholeSettingsReader.Read(given, Environment.GetEnvironmentVariable), error, interrupts);
    }

    private static async Task<int> SubcommandAsync(string[] arguments, TextWriter output, TextWriter error, Interrupts interrupts)
    {
        // Without a replacer a token like @file is a token, as everywhere else.
        ParseResult result = Composition.Root().Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        InvocationConfiguration configuration = new()
        {
            Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null,
        };
        // A mistake is one sentence; the library would print the help behind it.
        if (result.Action is ParseErrorAction) throw GivenOptions.Wrong(Mistakes.SentenceFor(result));
        return await result.InvokeAsync(configuration, interrupts.Token);
    }
}
