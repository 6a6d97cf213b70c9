using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Microsoft.Extensions.Logging;
using Plexus.App.Commands;
using Plexus.App.Logging;
using Plexus.App.Settings;

namespace Plexus.App;

/// <summary>The one place where settings become objects.</summary>
internal static class Composition
{
    /// <summary>The subcommands.</summary>
    public static RootCommand Root()
    {
        RootCommand root = new("plexus joins two machines behind NATs directly, without a server of your own.")
        {
            DemoCommand.Create(),
            IdentityCommand.Create(),
            ExploreCommand.Create(),
            StunCommand.Create(),
            DhtCommand.Create(),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new WholeHelp((HelpAction)help.Action!);
        return root;
    }

    /// <summary>Runs a classic command line.</summary>
    public static Task<int> RunClassicAsync(ClassicSettings settings, TextWriter error, Interrupts interrupts)
    {
        interrupts.Token.ThrowIfCancellationRequested();
        error.WriteLine($"plexus: the settings of '{settings.AppId}' are good, but the run itself is not in this build yet.");
        return Task.FromResult(ExitCodes.Settings);
    }

    /// <summary>The log that the settings ask for.</summary>
    /// <exception cref="PlexusException">Its file cannot be written.</exception>
    public static ILoggerFactory Log(LogSettings settings, TimeProvider clock)
    {
        LineLoggerProvider provider = settings.File is { } file
            ? LineLoggerProvider.ToFile(file, settings.Level, clock)
            : new(Console.OpenStandardOutput(), settings.Level, clock);
        return LoggerFactory.Create(builder => builder.SetMinimumLevel(settings.Level).AddProvider(provider));
    }

    /// <summary>At the root the help of the whole program, elsewhere the usual one.</summary>
    private sealed class WholeHelp(HelpAction usual) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            if (parseResult.CommandResult.Command is not RootCommand) return usual.Invoke(parseResult);
            HelpText.WriteAsync(parseResult.InvocationConfiguration.Output).GetAwaiter().GetResult();
            return ExitCodes.Success;
        }
    }
}
