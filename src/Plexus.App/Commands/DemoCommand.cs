using System.CommandLine;
using Plexus.App.Demo;
using Plexus.Lab.Namespaces;

namespace Plexus.App.Commands;

/// <summary><c>plexus demo</c>: shows the main job on this one machine, without internet, servers or root.</summary>
internal static class DemoCommand
{
    private const string Name = "demo";

    public static Command Create()
    {
        Option<bool> inMemory = new("--in-memory")
        {
            Description = "Use the internet in this program's memory even where the kernel would lend its own.",
        };
        Command command = new(Name, "Show two machines behind NATs finding each other, on this machine, without internet.")
        {
            inMemory,
            TalkCommand.Create(),
        };
        command.SetAction((result, cancellationToken) =>
            RunAsync(result.GetValue(inMemory), result.InvocationConfiguration.Output, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool inMemory, TextWriter output, CancellationToken cancellationToken)
    {
        string? obstacle = inMemory ? "You asked for the one in memory." : null;
        if (!inMemory && !PrivateNamespaces.IsInside)
        {
            obstacle = PrivateNamespaces.WhyNot();
            if (obstacle is null) return await PrivateNamespaces.RunAsync([Name], cancellationToken);
        }

        DemoScreen screen = new(output, TimeProvider.System, WantsColors(output));
        screen.Title("Two machines behind NATs find each other. No server of their own, no account, no open port.");
        screen.Line();
        using (DemoWorld world = MakeWorld(obstacle, screen))
        using (DemoRun run = new(world, screen, TimeProvider.System))
        {
            await run.RunAsync(cancellationToken);
        }

        screen.Line();
        DemoInstructions.Write(screen);
        return 0;
    }

    private static DemoWorld MakeWorld(string? obstacle, DemoScreen screen)
    {
        if (obstacle is null)
        {
            try
            {
                PrivateNamespaces.Furnish();
                DemoWorld kernel = DemoWorld.InKernel();
                screen.Line($"This internet is made of {kernel.Description}:");
                return kernel;
            }
            catch (Exception e) when (e is InvalidOperationException or IOException)
            {
                obstacle = e.Message.Split('\n')[0];
            }
        }

        DemoWorld memory = DemoWorld.InMemory();
        screen.Line($"This internet is {memory.Description}. ({obstacle})");
        return memory;
    }

    private static bool WantsColors(TextWriter output) =>
        ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
}
