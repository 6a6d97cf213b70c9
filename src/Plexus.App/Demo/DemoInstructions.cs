namespace Plexus.App.Demo;

/// <summary>How to do between two real machines what the demonstration showed. A test keeps every line runnable.</summary>
internal static class DemoInstructions
{
    private const string Repository = "--app-repo=$HOME/.plexus";
    private const string Laptop = "me/laptop";
    private const string Server = "me/server";

    /// <summary>The steps: what to do, and the command lines with the machine each is for.</summary>
    public static IReadOnlyList<(string What, IReadOnlyList<(string Machine, string Line)> Lines)> Steps { get; } =
    [
        ("Copy this program to both machines, into a folder of the PATH. Make an identity on each:",
        [
            ("laptop", $"plexus identity create {Laptop} {Repository}"),
            ("laptop", $"plexus identity export {Laptop} {Repository} --output=laptop.crt"),
            ("server", $"plexus identity create {Server} {Repository}"),
            ("server", $"plexus identity export {Server} {Repository} --output=server.crt"),
        ]),
        ("Carry the two certificates across, by mail, chat or stick: they are no secret, but must not be swapped on the way. Then:",
        [
            ("laptop", $"plexus identity import {Server} server.crt {Repository}"),
            ("server", $"plexus identity import {Laptop} laptop.crt {Repository}"),
        ]),
        ("Wait on one, invite from the other. The command can be any program; here it is the talk of this demonstration:",
        [
            ("server", $"plexus --accept {Classic(Server, Laptop)}"),
            ("laptop", $"plexus {Classic(Laptop, Server)} --exec-wait"),
            ("laptop", "cat talk.log"),
        ]),
    ];

    public static void Write(DemoScreen screen)
    {
        screen.Title("The same between two real machines, anywhere, here called laptop and server:");
        int number = 0;
        foreach ((string what, IReadOnlyList<(string Machine, string Line)> lines) in Steps)
        {
            screen.Line();
            screen.Line($"{++number}. {what}");
            foreach (IGrouping<string, (string Machine, string Line)> machine in lines.GroupBy(line => line.Machine))
            {
                screen.Line($"   on {machine.Key}:");
                foreach ((_, string line) in machine) screen.Line($"     {line}");
            }
        }
    }

    private static string Classic(string host, string peer) =>
        $"--app-id=try {Repository} --host-info={host} --peer-info={peer} --exec-command=plexus --exec-args='demo talk' --exec-log=talk.log";
}
