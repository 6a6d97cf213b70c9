using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Microsoft.Extensions.Logging;
using Plexus.App.Commands;
using Plexus.App.Logging;
using Plexus.App.Settings;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Rendezvous;
using Plexus.Rendezvous.Dht;
using Plexus.Rendezvous.Email;

namespace Plexus.App;

/// <summary>The one place where settings become objects.</summary>
internal static class Composition
{
    private static readonly TimeSpan DisposeTime = TimeSpan.FromMilliseconds(150); // Stopping is done within a second in all.

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
    /// <param name="settings">What it asks for.</param>
    /// <param name="error">Gets the sentence about a failure when the log is not in front of the user.</param>
    /// <param name="interrupts">Ends the run.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> RunClassicAsync(ClassicSettings settings, TextWriter error, Interrupts interrupts) => RunLoggedAsync(
        settings.Log, ProgramName.Plexus, error, (log, logger) => RunClassicAsync(settings, interrupts, log, logger, TimeProvider.System));

    /// <summary>Runs the stand-alone tunnel; the same.</summary>
    public static Task<int> RunWormholeAsync(WormholeSettings settings, TextWriter error, Interrupts interrupts) => RunLoggedAsync(
        settings.Log, ProgramName.Wormhole, error, (_, logger) => new WormholeRun(settings, interrupts, logger, TimeProvider.System).RunAsync());

    private static async Task<int> RunLoggedAsync(LogSettings settings, string program, TextWriter error, Func<ILoggerFactory, ILogger, Task<int>> run)
    {
        using ILoggerFactory log = Log(settings, TimeProvider.System);
        ILogger logger = log.CreateLogger(program);
        bool seesLog = settings.File is null && !Console.IsOutputRedirected;
        try
        {
            return await run(log, logger);
        }
        catch (PlexusException e)
        {
            ClassicLog.RunFailed(logger, e.Message);
            if (!seesLog) await error.WriteLineAsync($"{program}: {e.Message}");
            return ExitCodes.Of(e.Stage);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            ClassicLog.Unexpected(logger, e);
            if (!seesLog) await error.WriteLineAsync($"{program}: an unexpected failure, please report it: {e}");
            return ExitCodes.Unexpected;
        }
    }

    /// <summary>The log that the settings ask for.</summary>
    /// <exception cref="PlexusException">Its file cannot be written.</exception>
    public static ILoggerFactory Log(LogSettings settings, TimeProvider clock)
    {
        LineLoggerProvider provider = settings.File is { } file
            ? LineLoggerProvider.ToFile(file, settings.Level, clock)
            : new(OutputStream.ForLog(), settings.Level, clock);
        return LoggerFactory.Create(builder => builder.SetMinimumLevel(settings.Level).AddProvider(provider));
    }

    private static async Task<int> RunClassicAsync(
        ClassicSettings settings, Interrupts interrupts, ILoggerFactory log, ILogger logger, TimeProvider clock)
    {
        foreach (string complaint in settings.Environment.Complaints) ClassicLog.BadVariable(logger, complaint);
        IdentityRepository repository = new(settings.Repository, clock);
        Identity host = repository.LoadHost(settings.Host);
        Identity? peer = settings.Accept ? null : repository.LoadPeer(settings.Peer);
        foreach (Identity? identity in (Identity?[])[host, peer])
        {
            if (identity is not null && identity.Expires < clock.GetUtcNow()) ClassicLog.Expired(logger, identity.Name, identity.Expires);
        }

        if (settings.Email is { IsPasswordOnShow: true }) ClassicLog.PasswordOnShow(logger);
        IRendezvous rendezvous = Rendezvous(settings, repository, log, clock);
        try
        {
            PlexusHost plexus = new(host, rendezvous, HostOptions(settings), log, clock);
            HostPassages passages = new(plexus, peer, settings.Peer);
            return settings.Tunnel is { } tunnel
                ? await new TunnelRun(settings, tunnel, passages, interrupts, logger, clock).RunAsync()
                : await new ClassicRun(settings, settings.Command!, passages, interrupts, logger, clock).RunAsync();
        }
        finally
        {
            // The process ends anyway: nobody waits for a node that does not.
            await Task.WhenAny(rendezvous.DisposeAsync().AsTask(), Task.Delay(DisposeTime, clock));
        }
    }

    /// <summary>The DHT, e-mail, or both at once.</summary>
    private static IRendezvous Rendezvous(ClassicSettings settings, IdentityRepository repository, ILoggerFactory log, TimeProvider clock)
    {
        List<IRendezvous> ways = [];
        if (settings.UsesDht) ways.Add(new DhtRendezvous(repository, DhtOptions(settings), log, clock));
        if (settings.Email is { } email) ways.Add(new EmailRendezvous(repository, EmailOptions(settings, email), log, clock));
        return ways.Count == 1 ? ways[0] : new CombinedRendezvous(ways, log);
    }

    private static EmailRendezvousOptions EmailOptions(ClassicSettings settings, EmailSettings email) => new()
    {
        AppId = settings.AppId,
        Smtp = email.Smtp,
        Imap = email.Imap,
        Login = email.Login,
        Secret = email.Secret,
        ClientCertificate = email.ClientCertificate,
        Authorities = email.Authorities,
        AcceptsAnyServer = email.IsInsecure,
        Consumed = email.Consumed,
        InvitationLifetime = email.InvitationLifetime,
        ResponseTimeout = settings.Environment.Response,
        AnswerPoll = settings.Environment.EmailAnswerPoll,
        InvitationPoll = settings.Environment.EmailInvitationPoll,
        InviteToken = settings.Environment.InviteToken,
        AcceptToken = settings.Environment.AcceptToken,
        AdventToken = settings.Environment.AdventToken,
    };

    private static DhtRendezvousOptions DhtOptions(ClassicSettings settings) => new()
    {
        AppId = settings.AppId,
        Bootstrap = settings.DhtBootstrap,
        Port = settings.DhtPort,
        Network = settings.DhtNetwork,
        ResponseTimeout = settings.Environment.Response,
        PutTimeout = settings.Environment.DhtPut,
        InviteToken = settings.Environment.InviteToken,
        AcceptToken = settings.Environment.AcceptToken,
        AdventToken = settings.Environment.AdventToken,
        StateFolder = StateFolder.Path,
    };

    private static PlexusHostOptions HostOptions(ClassicSettings settings) => new()
    {
        LocalEndPoint = settings.StunClient,
        StunServers = settings.StunServers.Count > 0 ? settings.StunServers : StunServers.Default,
        PunchHops = settings.PunchHops,
        PunchTimeout = settings.Environment.Handshake,
        StateFolder = StateFolder.Path,
        // A launched command brings its own protocol.
        Capabilities = settings.Tunnel is null ? PassageCapabilities.None : PassageCapabilities.SecureStreams | PassageCapabilities.Multiplexing,
    };

    /// <summary>At the root the help of the whole program, elsewhere the usual one, under our name whatever the file is called.</summary>
    private sealed class WholeHelp(HelpAction usual) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            InvocationConfiguration configuration = parseResult.InvocationConfiguration;
            TextWriter output = configuration.Output;
            if (parseResult.CommandResult.Command is RootCommand)
            {
                HelpText.WriteAsync(output).GetAwaiter().GetResult();
                return ExitCodes.Success;
            }

            StringWriter text = new();
            configuration.Output = text;
            usual.Invoke(parseResult);
            configuration.Output = output;
            output.Write(text.ToString().Replace($"  {RootCommand.ExecutableName} ", $"  {ProgramName.Plexus} ", StringComparison.Ordinal));
            return ExitCodes.Success;
        }
    }
}
