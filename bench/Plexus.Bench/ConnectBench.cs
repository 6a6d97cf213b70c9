using System.Globalization;
using System.Text.RegularExpressions;
using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.Bench;

/// <summary>The main bar: from the start of the inviter's process until both commands have started.</summary>
internal static partial class ConnectBench
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90); // more than the program's own
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3); // The acceptor joins the network and begins to listen.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300); // between runs

    public static async Task<int> RunAsync(Options options)
    {
        if ((NamespaceInternet.WhyNot ?? PlexusProgram.WhyNot ?? DhtNodeProcess.WhyNot ?? CoturnProcess.WhyNot) is { } reason)
        {
            Console.Error.WriteLine(reason);
            return 1;
        }

        bool hasNat = !options.Has("no-nat");
        double delay = hasNat && !options.Has("no-delay") ? options.Number("delay", 10) : 0;
        DelayLineOptions? line = delay > 0 ? new DelayLineOptions { Delay = TimeSpan.FromMilliseconds(delay) } : null;
        NatRecipe[] recipes = hasNat ? [NatRecipe.PortRestricted] : [];
        int runs = (int)options.Number("runs", 20);
        Console.WriteLine(
            $"connect: {runs} runs, {(hasNat ? "both behind port-restricted NATs of the kernel" : "no NAT")}, {delay} ms one way on each access line");

        using Scenario scenario = await Scenario.StartAsync();
        Machine inviter = scenario.AddMachine("alice@home.test/laptop", line, recipes);
        Machine acceptor = scenario.AddMachine("bob@work.test/server", line, recipes);
        Scenario.Acquaint(inviter, acceptor);
        ProgramRun accept = acceptor.Run(["--accept", .. Options(scenario, acceptor, null)]);
        await Task.Delay(Settling);

        List<Run> done = [];
        for (int i = 0; i < runs; i++)
        {
            Run run = await RunOnceAsync(scenario, inviter, acceptor);
            Console.WriteLine($"  {i + 1,3}: {run}");
            done.Add(run);
            await Task.Delay(Pause);
        }

        Report(done, delay);
        if (options.Has("verbose")) Console.WriteLine($"\nThe slowest run:\n{done.MaxBy(run => run.Seconds)!.Log}\nThe acceptor:\n{accept.Output}");
        return done.All(run => run.Failure is null) ? 0 : 1;
    }

    private static void Report(List<Run> runs, double delay)
    {
        Run[] good = [.. runs.Where(run => run.Failure is null)];
        Console.WriteLine($"\nconnected {good.Length} of {runs.Count}");
        Console.WriteLine($"both commands started, s   {new Figures(good.Select(run => run.Seconds))}");
        // A server is one access line away: there and back again.
        double trip = 2 * delay;
        foreach (string stage in good.SelectMany(run => run.Stages.Keys).Distinct())
        {
            Figures figures = new(good.Where(run => run.Stages.ContainsKey(stage)).Select(run => run.Stages[stage]));
            string trips = trip > 0 ? $"   {figures.Median / trip:0.0} round trips to a server" : "";
            Console.WriteLine($"{stage + ", ms",-26} {figures}{trips}");
        }
    }

    private static async Task<Run> RunOnceAsync(Scenario scenario, Machine inviter, Machine acceptor)
    {
        int before = Starts(acceptor).Length, own = Starts(inviter).Length;
        DateTime start = DateTime.UtcNow;
        using ProgramRun invite = inviter.Run(Options(scenario, inviter, acceptor));
        try
        {
            int code = await invite.ExitAsync(Patience);
            if (code != 0) return new Run(double.NaN, [], invite.Output, $"exit code {code}: {invite.Output.Trim().Split('\n')[^1]}");
            await Eventually.Async(
                () => Starts(acceptor).Length > before && Starts(inviter).Length > own, Patience, () => "a command has not started");
        }
        catch (TimeoutException e)
        {
            return new Run(double.NaN, [], invite.Output, e.Message);
        }

        DateTime both = new[] { Starts(inviter)[own], Starts(acceptor)[before] }.Max();
        Dictionary<string, double> stages = [];
        foreach ((string name, Regex pattern) in Patterns)
        {
            if (pattern.Match(invite.Output) is { Success: true } match)
                stages[name] = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        }

        return new Run((both - start).TotalSeconds, stages, invite.Output, null);
    }

    // The inviter's log tells how long each stage took; exploring goes on beside the rendezvous.
    private static IEnumerable<(string Name, Regex Pattern)> Patterns =>
        [("exploration", Explored()), ("rendezvous (and exploration)", Exchanged()), ("punching", Punched()), ("whole, without start", Opened())];

    /// <summary>When the commands of a machine have started.</summary>
    private static DateTime[] Starts(Machine machine) =>
    [
        .. machine.ReadLog("started").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => DateTime.UnixEpoch.AddTicks(long.Parse(line, CultureInfo.InvariantCulture) / 100)),
    ];

    private static IEnumerable<string> Options(Scenario scenario, Machine host, Machine? peer)
    {
        string script = host.FileNamed("started.sh");
        if (!File.Exists(script))
        {
            File.WriteAllText(script, "#!/bin/sh\ndate +%s%N\n");
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        return
        [
            .. scenario.Options(host, peer, "started").Where(option => !option.StartsWith("--exec-command", StringComparison.Ordinal)
                && !option.StartsWith("--log-level", StringComparison.Ordinal)),
            $"--exec-command={script}",
            "--log-level=info",
        ];
    }

    [GeneratedRegex(@"Our endpoint is .* known after (\d+) ms")]
    private static partial Regex Explored();

    [GeneratedRegex(@"Exchanged introductions with .* in (\d+) ms")]
    private static partial Regex Exchanged();

    [GeneratedRegex(@"Punched in (\d+) ms")]
    private static partial Regex Punched();

    [GeneratedRegex(@"is open, (\d+) ms after its start")]
    private static partial Regex Opened();

    private sealed record Run(double Seconds, Dictionary<string, double> Stages, string Log, string? Failure)
    {
        public override string ToString() =>
            Failure ?? $"{Seconds:0.000} s   {string.Join(", ", Stages.Select(stage => $"{stage.Key} {stage.Value} ms"))}";
    }
}
