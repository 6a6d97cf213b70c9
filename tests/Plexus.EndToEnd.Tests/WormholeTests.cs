using System.Net.Sockets;
using System.Security.Cryptography;
using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary>The stand-alone <c>wormhole</c> as the command that a passage is handed to, both sides behind NATs of the kernel.</summary>
public sealed class WormholeTests
{
    private const string Alice = "alice@home.test/laptop";
    private const string Bob = "bob@work.test/server";
    private const int ServicePort = 8_000;
    private const int LocalPort = 9_000;
    private const string Log = "wormhole.log";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private static string Importer => Command("import", LocalPort);

    [Fact]
    public async Task Two_of_them_carry_a_service_until_the_inviter_ends()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        using LocalService echo = LocalService.Echo(bob.Host, ServicePort);

        ProgramRun accept = Run(bob, ["--accept", .. scenario.Meeting(bob, null)], Command("export", ServicePort));
        ProgramRun invite = Run(alice, ["--exec-wait", .. scenario.Meeting(alice, bob)], Importer);
        await EchoesAsync(alice, () => $"{invite.Output}\n{alice.ReadLog(Log)}\n{accept.Output}\n{bob.ReadLog(Log)}");

        invite.AskToEnd(); // Which its wormhole hears, too, and tells the other one.
        Assert.Equal(143, await invite.ExitAsync(Soon));
        await accept.SaysAsync("ended with status|failed with status", Soon);
        Assert.True(accept.IsRunning, accept.Output);
    }

    [Fact]
    public async Task One_reaches_what_plexus_exports()
    {
        Kernel.ServersAreNeeded();
        using Scenario scenario = await Scenario.StartAsync();
        (Machine alice, Machine bob) = scenario.AddPair(Alice, Bob, NatRecipe.PortRestricted);
        using LocalService echo = LocalService.Echo(bob.Host, ServicePort);

        ProgramRun accept = bob.Run(["--accept", .. scenario.Meeting(bob, null), $"--export=127.0.0.1:{ServicePort}"]);
        ProgramRun invite = Run(alice, ["--exec-wait", .. scenario.Meeting(alice, bob)], Importer);
        await EchoesAsync(alice, () => $"{invite.Output}\n{alice.ReadLog(Log)}\n{accept.Output}");

        await accept.SaysAsync("(?i)not encrypted", Soon); // Never silently.
        invite.AskToEnd();
        Assert.Equal(143, await invite.ExitAsync(Soon));
    }

    /// <summary>The command of docs/wormhole.md: the secret comes by the environment.</summary>
    private static string Command(string purpose, int port) =>
        $"-c \"WORMHOLE_SECRET=$PLEXUS_SECRET exec {Path.Combine(Path.GetDirectoryName(PlexusProgram.Path)!, "wormhole")} --purpose={purpose} --service=127.0.0.1:{port} "
        + "--gateway=%innerip%:%innerport% --faraway=%peerip%:%peerport%\"";

    private static ProgramRun Run(Machine machine, IEnumerable<string> options, string command) =>
        machine.Run([.. options, "--exec-command=/bin/sh", $"--exec-args={command}", $"--exec-log={machine.FileNamed(Log)}"]);

    private static async Task EchoesAsync(Machine alice, Func<string> complaint)
    {
        byte[] question = RandomNumberGenerator.GetBytes(3_000_000), answer = new byte[question.Length];
        await Eventually.Async(() => alice.ReadLog(Log).Contains($":{LocalPort}", StringComparison.Ordinal), Soon, complaint);
        await using NetworkStream stream = await LocalService.ConnectAsync(alice.Host, LocalPort);
        Task writing = stream.WriteAsync(question).AsTask();
        await stream.ReadExactlyAsync(answer).AsTask().WaitAsync(Soon);
        await writing;
        Assert.Equal(question, answer);
    }
}
